#include "control/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

int privileges_group(const char *name, gid_t *out)
{
	const struct group *group = getgrnam(name);

	if (group == NULL)
		return -ENOENT;
	*out = group->gr_gid;
	return 0;
}

int privileges_user(const char *name, uid_t *out)
{
	const struct passwd *user = getpwnam(name);

	if (user == NULL)
		return -ENOENT;
	*out = user->pw_uid;
	return 0;
}

int privileges_drop(const char *user, const char *socket)
{
	const struct passwd *p = getpwnam(user);

	if (p == NULL)
		return -ENOENT;
	if (chown(socket, p->pw_uid, (gid_t)-1) < 0)
		return -errno;
	if (initgroups(user, p->pw_gid) < 0)
		return -errno;
	if (setresgid(p->pw_gid, p->pw_gid, p->pw_gid) < 0)
		return -errno;
	return setresuid(p->pw_uid, p->pw_uid, p->pw_uid) < 0 ? -errno : 0;
}
