// A find as the matcher wants it.

#pragma once

#include "dataplane/inspect/inspect.h"
#include "patterns/db.h"

struct match_env judge_env(const struct find *find); // without its packet
struct match_packet judge_packet_facts(const struct find *find); // find->facts is there
