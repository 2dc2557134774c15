#!/usr/bin/env python3
"""Writes patterns/sets/im-services.rules from a table of services.

  gen_im_services.py SERVICES.tsv > patterns/sets/im-services.rules
  gen_im_services.py --examples SERVICES.tsv > patterns/sets/im-services.examples.yaml

The table has one service a line, with the columns id, service, class, v2fly_suffixes(=full),
ndpi_substrings, curated_suffixes(...) (others are not read). A suffix that begins with '=' is a
full name.
"""
import csv
import re
import sys

DOMAIN = re.compile(r'^=?([a-z0-9_]([a-z0-9_-]*[a-z0-9])?\.)+[a-z]{2,}$')

# Protocols, not providers: their domains would be anybody's, but what they say is their own.
PROTOCOLS = {'xmpp', 'sip', 'mqtt', 'openim'}

# Domains that the table lacks.
ADDITIONS = {
    'whatsapp': ['wa.me', 'whatsapp.net', 'whatsapp.com'],
    'telegram': ['telegram.org', 'telegram.me', 't.me', 'telesco.pe'],
    'line': ['line-apps.com', 'line.me', 'line-scdn.net', 'line.naver.jp'],
    'messenger': ['messenger.com', 'm.me', 'edge-mqtt.facebook.com', 'mqtt-mini.facebook.com',
                  'edge-chat.facebook.com', 'mqtt.c10r.facebook.com', 'mqtt.facebook.com'],
    'instagram': ['instagram.com', 'cdninstagram.com', 'instagram.c10r.facebook.com'],
    'teams': ['teams.microsoft.com', 'teams.skype.com', 'teams.live.com', 'teams.office.com',
              'teams.trafficmanager.net', 'teams-msgapi.trafficmanager.net',
              'services.sfb.trafficmanager.net', 'skype.com'],
    'discord': ['discordapp.com', 'discord.gg', 'discord.media', 'discordapp.net'],
    'kakaotalk': ['kakao.com', 'kakao.co.kr', 'kakaocorp.com'],
    'snapchat': ['snapchat.com', 'sc-cdn.net', 'sc-gw.com', 'feelinsonice.com',
                 'feelinsonice-hrd.appspot.com', 'feelinsonice.appspot.com', 'snapads.com',
                 'addlive.io'],
    'webex': ['webex.com', 'webexcontent.com'],
    'imo': ['imo.im', 'imoim.net'],
    'viber': ['viber.com', 'viber.it'],
    'weibo': ['weibo.com', 'weibo.cn', 'sinaimg.cn', 't.sinajs.cn'],
    'zoom': ['zoom.us', 'zoomgov.com'],
    'vk': ['vk.com', 'vkontakte.ru', 'userapi.com', 'vk-cdn.net', 'vkuser.net'],
    'apple-push': ['push.apple.com', 'push-apple.com.akadns.net'],
    'signal': ['signal.org', 'whispersystems.org'],
    'threema': ['threema.ch'],
    'irc': ['irc.libera.chat', 'irc.oftc.net', 'irc.undernet.org', 'irc.ircnet.com'],
    'skype': ['skype.com', 'skypeassets.com', 'skypedata.akadns.net', 'skype.akadns.net'],
}
# Names of a service below a domain that it shares with others: (begin, end).
SHARED = {
    'instagram': [('instagram.', '.fbcdn.net'), ('igcdn-', '.akamaihd.net')],
    'teams': [('b-tr-teams-', '.cloudapp.azure.com')],
    'skype': [('skypedataprd', '.cloudapp.net')],
}
# Services that the table does not have: id -> (name, class, domains).
EXTRA = {
    'tiktok': ('TikTok', 'social', ['tiktok.com', 'tiktokv.com', 'tiktokcdn.com', 'tiktokcdn-us.com',
                                    'tiktokw.us', 'musical.ly', 'muscdn.com', 'byteoversea.com']),
    'teamspeak': ('TeamSpeak', 'voip', ['teamspeak.com', 'teamspeak.de', 'myteamspeak.com']),
    'mumble': ('Mumble', 'voip', ['mumble.info']),
    'sendbird': ('Sendbird', 'im-sdk', ['sendbird.com']),
}
# Claimed by one service in the table, but shared with others or another's own.
WRONG = {
    'lark': {'anycross.com', 'blmpb.com', 'bytedancehermestest.com', 'falconsending.com',
             'fei-shu.cn', 'getsays.cn', 'getsays.com', 'lackvc.cn', 'securityfs.cn'},
    'agora-chat': {'easemob.com'},
    'teams': {'skype.com'},
}

# Claimed for a service, but another's: their rules are gone, and their numbers stay free.
RETIRED = {
    # The TON chain, which is no messenger.
    'telegram': {'ton.org', 'toncenter.com'},
}
# Unofficial clients: what they do with an account is not what the service says.
MODS = re.compile(r'^whatsapp-plus\.')
# Shared by much else of the same owner: that it is this service is a guess.
LOOSE = {'qq': {'qq.com', 'gtimg.cn', 'gtimg.com', 'qlogo.cn'}, 'vk': {'vk.com'},
         'weibo': {'weibo.com'}, 'kakaotalk': {'kakao.com', 'kakao.co.kr', 'kakaocorp.com'},
         'messenger': {'nbabot.net'}, 'tiktok': {'byteoversea.com'}}
# What only looks like a service's name, as the table warns: id -> [(suffix, name)].
TRAPS = {
    'momo': [('immomo.com', 'www.momoshop.com.tw'), ('immomo.com', 'momo.com')],
    'qq': [('qq.com', 'qq.com.example.net'), ('qq.com', 'myqq.com')],
    'wechat': [('wechat.com', 'wx.example.com'), ('weixin.com', 'wx.qq.com')],
    'telegram': [('telegram.org', 'ton.org'), ('t.me', 'chat.me')],
    'whatsapp': [('whatsapp.net', 'notwhatsapp.net')],
}
# Where a name of a service tells what it is used for.
FUNCTIONS = (
    ('media', re.compile(r'(^|[.-])(cdn|media|mmg|mms|img|image|photos?|files?|blob|upload|static)')),
    ('call', re.compile(r'(^|[.-])(turn|stun|voip|rtc|sfu|calls?|video)[0-9]*[.-]')),
    ('login', re.compile(r'(^|[.-])(login|auth|passport|accounts?|sso)[.-]')),
)
# Where the application's id stands in names of an SDK: id -> (suffix, metadata).
APPLICATIONS = {
    # trtc.io: {SdkAppID}l4s.my-imcloud.com
    'tencent-chat': ('my-imcloud.com', 'digits'),
    # sendbird.com/docs: api-{application_id}.sendbird.com, ws-{application_id}.sendbird.com
    'sendbird': ('sendbird.com', 'dash'),
}

# Of all rules: who keeps them, when they were looked through, until when what they rest on is
# thought to hold. Lists that somebody made, and addresses, change sooner.
OWNER = 'sealwatch'
REVIEWED = '2026-11-30'
EXPIRES = '2027-11-30'
EXPIRES_SOON = '2027-05-31'

BUFFERS = (
    ('tls', 'flow:to_server; tls.sni', ' nocase;', 'TLS server name'),
    ('http', 'flow:to_server; http.host', '', 'HTTP host'),
    ('dns', 'flow:to_server; dns.query', ' nocase;', 'DNS query'),
)

# Came later: numbered behind all others, because a rule keeps its number.
QUIC = ('quic', 'flow:to_server; quic.sni', ' nocase;', 'QUIC server name')
QUIC_SID = 500

# What services say in their own protocols: id -> [(header, message, options)]. GONE is a rule there was:
# its number stays free. Contents of a few bytes are found everywhere: they took a third of the time of
# short flows. What a parser knows is asked of it instead: MARKERS.
GONE = None
# Rules that say something else than they did.
REVISIONS = {4008072: 2}
INBAND = {
    'whatsapp': [
        GONE, GONE,
        # STUN with message types that no RFC gives out.
        ('udp any any -> any any', 'call relay',
         'content:"|08|"; startswith; content:"|21 12 A4 42|"; offset:4; depth:4; fast_pattern; '
         'pcre:"/^\\x08[\\x00-\\x05]/s"'),
    ],
    'discord': [
        GONE, GONE,
    ],
    'xmpp': [
        GONE,
        ('dns any any -> any any', 'service of a domain',
         'flow:to_server; dns.query; content:"_xmpp-client._tcp."; startswith; nocase'),
        ('dns any any -> any any', 'service of a domain, over TLS',
         'flow:to_server; dns.query; content:"_xmpps-client._tcp."; startswith; nocase'),
    ],
    'irc': [
        GONE, GONE, GONE,
    ],
    'teamspeak': [
        ('udp any any -> any any', 'session start', 'content:"TS3INIT1"; startswith'),
    ],
    # Its ping has a port, a length and four zeros. These are found everywhere: a fifth of the whole set's cost.
    'mumble': [GONE],
    'wechat': [
        ('http any any -> any any', 'MMTLS short link',
         'flow:to_server; http.uri; content:"/mmtls/"; startswith; '
         'http.user_agent; content:"MicroMessenger"; nocase'),
    ],
    'qq': [
        GONE,
    ],
    'openim': [
        # docs.openim.io: the quick start's gateway and API speak in clear.
        ('http any any -> any any', 'gateway',
         'flow:to_server; http.uri; content:"sendID="; fast_pattern; content:"token="; '
         'content:"platformID="'),
        ('http any any -> any any', 'login',
         'flow:to_server; http.method; content:"POST"; startswith; endswith; http.uri; '
         'content:"/auth/user_token"; startswith'),
    ],
    'telegram': [
        ('ip any any -> [91.108.4.0/22,91.108.8.0/22,91.108.12.0/22,91.108.16.0/22,91.108.20.0/22,'
         '91.108.56.0/22,149.154.160.0/20,95.161.64.0/20,185.76.151.0/24,91.105.192.0/23,'
         '2001:b28:f23c::/46,2001:67c:4e8::/48,2a0a:f280::/32] any',
         'server address', None),
    ],
}


# What came later than the above: numbered behind all others, because a rule keeps its number.
MARKER_SID = 800


def marker(app, name):
    """The parser of a messenger has known it by its bytes (docs/messengers.md)."""
    return (app + ' any any -> any any', 'marker ' + name,
            'im.marker; content:"%s"; startswith; endswith' % name)


def realm(name):
    """TURN (RFC 8489 14.9) tells whose relay it is. Facebook's ends in a zero."""
    return ('stun any any -> any any', 'TURN realm ' + name,
            'stun.realm; dotprefix; content:".%s"; endswith; nocase' % name)


def attribute(what, code):
    """An attribute of STUN that nobody else has: at a multiple of two bytes."""
    return ('stun any any -> any any', 'STUN attribute ' + what,
            'stun.attrs; content:"|%s %s|"; pcre:"/^(..)*\\x%s\\x%s/s"' % (code[:2], code[2:],
                                                                    code[:2], code[2:]))


def alone(code):
    return ('stun any any -> any any', 'nothing but STUN attribute ' + code,
            'stun.attrs; content:"|%s %s|"; startswith; endswith' % (code[:2], code[2:]))


MARKERS = {
    'whatsapp': [marker('whatsapp', 'noise_prologue'), marker('whatsapp', 'edge_routing'),
                 # Not given out by IANA; its relays have them.
                 attribute('4000', '4000'), attribute('4001', '4001'), attribute('4002', '4002'),
                 attribute('4007', '4007')],
    'wechat': [marker('mmtls', 'mmtls_record')],
    'qq': [marker('oicq', 'oicq_header')],
    'dingtalk': [marker('dingtalk', 'lwp_hello')],
    'telegram': [marker('mtproto', 'mtproto_tag'), marker('mtproto', 'flight_lengths'),
                 marker('mtproto', 'reflector_ping'), realm('telegram.org')],
    'signal': [realm('signal.org')],
    'line': [marker('line', 'call_header')],
    'viber': [marker('viber', 'login_header'), marker('viber', 'call_header'),
              realm('viber.com')],
    'discord': [marker('discord', 'ip_discovery'), marker('discord', 'voice_ping')],
    'kakaotalk': [marker('kakaotalk', 'loco_handshake')],
    'threema': [marker('threema', 'flight_lengths'),
                # What its own names resolve to, and nDPI lists for it.
                ('ip any any -> 185.88.236.0/22 any', 'server address', None)],
    'zoom': [marker('zoom', 'sfu_header'), marker('zoom', 'p2p_probe'),
             # A request of RFC 3489 with nothing but this, and its answer: observed.
             alone('0101'), alone('0103'), marker('zoom', 'sfu_connect'),
             # Those that are Zoom's own.
             ('ip any any -> [64.211.144.0/24,64.224.32.0/19,69.174.108.0/22,103.122.166.0/23,'
              '134.224.0.0/16,144.195.0.0/16,147.124.96.0/19,149.137.0.0/17,156.45.0.0/17,'
              '159.124.0.0/16,161.199.136.0/22,162.12.232.0/22,162.255.36.0/22,166.108.64.0/18,'
              '168.140.0.0/17,170.114.0.0/16,173.231.80.0/20,192.204.12.0/22,198.251.128.0/17,'
              '204.80.104.0/21,206.247.0.0/16,2620:123:2000::/40] any', 'server address', None)],
    'webex': [
        ('ip any any -> [23.89.0.0/16,62.109.192.0/18,64.68.96.0/19,66.114.160.0/20,66.163.32.0/19,'
         '69.26.160.0/19,114.29.192.0/19,144.196.0.0/16,150.253.128.0/17,163.129.0.0/17,'
         '170.72.0.0/16,170.133.128.0/18,173.39.224.0/19,173.243.0.0/20,207.182.160.0/19,'
         '209.197.192.0/19,210.4.192.0/20,216.151.128.0/19] any', 'server address', None)],
    'mumble': [marker('mumble', 'ping_answer')],
    # The relays of Meta's calls; WhatsApp's have none.
    'messenger': [realm('turner.facebook')],
    'irc': [('irc any any -> any any', 'command ' + command,
             'irc.command; content:"%s"; startswith; endswith; noalert' % command)
            for command in ('CAP', 'NICK', 'USER', 'JOIN', 'PRIVMSG')],
    'sip': [('sip any any -> any any', 'method ' + method,
             'sip.method; content:"%s"; startswith; endswith; noalert' % method)
            for method in ('REGISTER', 'INVITE', 'MESSAGE', 'SUBSCRIBE', 'OPTIONS')],
    # From the middle of a stream, too; a flow has many of them, so they name it and say nothing.
    'xmpp': [('xmpp any any -> any any', 'stanza ' + element,
              'xmpp.element; content:"%s"; startswith; endswith; noalert' % element)
             for element in ('stream', 'iq', 'message', 'presence')],
    # [MS-TURN] 2.2, [MS-ICE2] 2.2.
    'teams': [attribute('MS-VERSION', '8008'), attribute('MS-SERVICE-QUALITY', '8055'),
              attribute('IMPLEMENTATION-VERSION', '8070'),
              ('ip any any -> [13.107.64.0/18,52.112.0.0/14,52.122.0.0/15,2603:1063::/38] any',
               'server address', None)],
    # Apple says that they are the push service's.
    'apple-push': [
        ('ip any any -> [17.249.0.0/16,17.252.0.0/16,17.57.144.0/22,17.188.128.0/18,17.188.20.0/23,'
         '2620:149:a44::/48,2403:300:a42::/48,2403:300:a51::/48,2a01:b740:a42::/48] any',
         'server address', None)],
    # support.google.com/a/answer/1279090: media of Meet, and of nothing else.
    'google-chat': [
        ('ip any any -> [74.125.250.0/24,142.250.82.0/24,2001:4860:4864:5::/64,'
         '2001:4860:4864:6::/64] any', 'media address', None),
        realm('turn.l.google.com')],
}
# What the rules above match, and what is almost the same: id -> [(rule, expectation, hex or text)].
INBAND_EXAMPLES = {
    'whatsapp': [
        (2, 'hit', 'hex: "08 00 00 10 21 12 a4 42 00 00 00 00"'),
        (2, 'miss', 'hex: "00 01 00 00 21 12 a4 42 00 00 00 00"'),
        (2, 'miss', 'hex: "08 00 00 10 00 21 12 a4 42 00 00 00"'),
    ],
    'xmpp': [
        (1, 'hit', 'text: _xmpp-client._tcp.example.org'),
        (1, 'miss', 'text: not_xmpp-client._tcp.example.org'),
        (2, 'hit', 'text: _xmpps-client._tcp.example.org'),
        (2, 'miss', 'text: _xmpp-client._tcp.example.org'),
    ],
    'teamspeak': [
        (0, 'hit', 'text: TS3INIT1x'),
        (0, 'miss', 'text: xTS3INIT1'),
    ],
    'openim': [
        (0, 'hit', 'text: "/?token=a&sendID=1&platformID=2"'),
        (0, 'miss', 'text: "/?sendID=1&platformID=2"'),
        (1, 'hit', 'values: [{field: http.method, text: POST}, '
                   '{field: http.uri, text: /auth/user_token}]'),
        (1, 'miss', 'values: [{field: http.method, text: GET}, '
                    '{field: http.uri, text: /auth/user_token}]'),
    ],
    'wechat': [
        (0, 'hit', 'values: [{field: http.uri, text: /mmtls/0a1b}, '
                   '{field: http.user_agent, text: MicroMessenger Client}]'),
        (0, 'miss', 'values: [{field: http.uri, text: /a/mmtls/0a1b}, '
                    '{field: http.user_agent, text: MicroMessenger Client}]'),
    ],
}


def suffixes(row, ident):
    """Name -> whose list it is from."""
    columns = {k.split('(')[0]: v for k, v in row.items() if k}
    out = {}
    for column in ('v2fly_suffixes', 'ndpi_substrings', 'curated_suffixes'):
        for s in (columns.get(column) or '').lower().split():
            if DOMAIN.match(s):
                out.setdefault(s, column.split('_')[0])
    for s in ADDITIONS.get(ident, ()):
        out.setdefault(s, OWNER)
    return {s: source for s, source in out.items() if s not in WRONG.get(ident, set())}


def truth(source, confidence, function='unknown', more=''):
    """What a rule rests on."""
    soon = confidence != 'high' or source == 'curated'
    return 'owner %s, source %s, reviewed %s, expires %s, confidence %s, function %s%s' % (
        OWNER, source, REVIEWED, EXPIRES_SOON if soon else EXPIRES, confidence, function, more)


def name_truth(ident, name, source):
    bare = name.lstrip('=')
    confidence = 'medium' if source == 'curated' or MODS.match(bare) else 'high'
    if bare in LOOSE.get(ident, ()):
        confidence = 'low'
    function = next((f for f, pattern in FUNCTIONS if pattern.search(bare + '.')), 'unknown')
    suffix, kind = APPLICATIONS.get(ident, ('', ''))
    more = ', application ' + kind if suffix == bare else ''
    return truth(source, confidence, function, more)


# Of rules about a protocol's own bytes, by how their message begins: source, confidence,
# function. A marker's parser may be less sure, and knows what it is for.
OWN_TRUTH = (
    ('marker ', 'docs/messengers.md', 'high', 'unknown'),
    ('TURN realm ', 'rfc8489', 'high', 'call'),
    ('STUN attribute MS-', 'ms-turn', 'medium', 'call'),
    ('STUN attribute IMPLEMENTATION', 'ms-ice2', 'medium', 'call'),
    ('STUN attribute ', 'observed', 'medium', 'call'),
    ('nothing but STUN ', 'observed', 'low', 'call'),
    ('call relay', 'observed', 'medium', 'call'),
    ('service of a domain', 'rfc6120', 'high', 'login'),
    ('session start', 'observed', 'medium', 'call'),
    ('MMTLS short link', 'citizenlab', 'high', 'chat'),
    ('gateway', 'docs.openim.io', 'high', 'chat'),
    ('login', 'docs.openim.io', 'high', 'login'),
    ('method ', 'rfc3261', 'high', 'unknown'),
    ('command ', 'rfc2812', 'medium', 'chat'),
    ('stanza ', 'rfc6120', 'medium', 'chat'),
)
# Addresses: id -> (source, function).
ADDRESS_TRUTH = {'telegram': ('core.telegram.org', 'unknown'), 'threema': ('ndpi', 'unknown'),
                 'google-chat': ('support.google.com/a/answer/1279090', 'call'),
                 'apple-push': ('support.apple.com/102266', 'unknown'),
                 'teams': ('microsoft-365-endpoints-11', 'unknown'),
                 'zoom': ('support.zoom.com/KB0060548', 'unknown'),
                 'webex': ('help.webex.com/WBX000028782', 'unknown')}


def own_truth(ident, message):
    if message.endswith(' address'):
        source, function = ADDRESS_TRUTH[ident]
        return truth(source, 'medium', function)
    return next(truth(*rest) for begin, *rest in OWN_TRUTH if message.startswith(begin))


def minimal(names):
    """Without those that a shorter suffix of the same service covers."""
    tails = {n for n in names if not n.startswith('=')}

    def covered(n):
        labels = n.lstrip('=').split('.')
        start = 0 if n.startswith('=') else 1
        return any('.'.join(labels[i:]) in tails for i in range(start, len(labels)))

    return sorted((n for n in names if not covered(n)), key=lambda n: n.lstrip('='))


def content(name, nocase):
    if name.startswith('='):
        return 'content:"%s"; startswith; endswith;%s' % (name[1:], nocase)
    return 'dotprefix; content:".%s"; endswith;%s' % (name, nocase)


def shared(begin, end, nocase):
    return 'content:"%s"; startswith;%s content:"%s"; endswith;%s' % (begin, nocase, end, nocase)


def service_rules(ident, name, cls, names, sid):
    """All rules of a service, numbered from sid."""
    retired = RETIRED.get(ident, ())

    def named(buffer, n):
        proto, buffers, nocase, what = buffer
        return n not in retired and (
            proto + ' any any -> any any', '%s %s' % (what, n.lstrip('=')),
            '%s; %s ' % (buffers, content(n, nocase)), name_truth(ident, n, names[n]),
            'im-mod' if MODS.match(n) else cls)

    def below(buffer, begin, end):
        proto, buffers, nocase, what = buffer
        return (proto + ' any any -> any any', '%s %s*%s' % (what, begin, end),
                '%s; %s ' % (buffers, shared(begin, end, nocase)), truth('ndpi', 'medium'), cls)

    def own(rule):
        return rule and (rule[0], rule[1], rule[2] + '; ' if rule[2] else '',
                         own_truth(ident, rule[1]), cls)

    rules = [named(buffer, n) for n in names for buffer in BUFFERS]
    rules += [own(rule) for rule in INBAND.get(ident, ())]
    rules += [below(buffer, *pair) for pair in SHARED.get(ident, ()) for buffer in BUFFERS]
    quic = [named(QUIC, n) for n in names]
    quic += [below(QUIC, *pair) for pair in SHARED.get(ident, ())]
    later = [own(rule) for rule in MARKERS.get(ident, ())]
    # With ports, and nothing to look for, it would be looked at in every packet of every flow.
    assert all(not r or r[2] or r[0].endswith(' any') for r in rules + later), ident
    assert len(rules) < QUIC_SID and len(quic) < MARKER_SID - QUIC_SID, ident
    return ['alert %s (msg:"%s: %s"; %smetadata:service %s, class %s, %s; '
            'classtype:policy-violation; sid:%d; rev:%d;)' % (
                header, name, what, options, ident, kind.replace('/', '-'), rests_on, n,
                REVISIONS.get(n, 1))
            for first, group in ((sid, rules), (sid + QUIC_SID, quic), (sid + MARKER_SID, later))
            for n, (header, what, options, rests_on, kind) in
            ((n, r) for n, r in enumerate(group, first) if r)]


def example(sid, expectation, what):
    return '- {sid: %d, expect: %s, %s}' % (sid, expectation, what)


def own_examples(rule):
    """Of a rule that was made by one of the functions above, by what it looks for."""
    header, message, options = rule
    if options is None:
        first = re.search(r'\[?([0-9a-f.:]+)/', header.split('->')[1]).group(1)
        inside = first[:-1] + '1' if first.endswith('.0') else first + '1'
        six = re.search(r'([0-9a-f:]+::)/', header)
        yield 'hit', 'dst: %s' % inside
        yield 'miss', 'dst: 192.0.2.1'
        if six:
            yield 'hit', 'dst: "%s1"' % six.group(1)
            yield 'miss', 'dst: "2001:db8::1"'
    elif message.startswith('TURN realm '):
        name = message.split()[-1]
        yield 'hit', 'text: turn.%s' % name
        yield 'miss', 'text: not%s' % name
    elif 'STUN attribute' in message:
        code = re.search(r'\|(.. ..)\|', options).group(1)
        alone_ = message.startswith('nothing')
        yield 'hit', 'hex: "%s%s"' % ('' if alone_ else '00 06 ', code)
        yield 'miss', 'hex: "%s"' % (code + ' 00 06' if alone_ else '00 %s 00' % code)
    elif re.search(r'startswith; endswith(; noalert)?$', options):
        word = re.search(r'content:"([^"]*)"', options).group(1)
        yield 'hit', 'text: %s' % word
        yield 'miss', 'text: %sx' % word


def service_examples(ident, names, sid):
    """Of each rule what it must hit, and what only looks alike."""
    out = []
    for i, n in enumerate(names):
        name = n.lstrip('=')
        hit = name if n.startswith('=') else 'a.' + name
        sids = [sid + i * len(BUFFERS) + k for k in range(len(BUFFERS))] + [sid + QUIC_SID + i]
        for number in sids if n not in RETIRED.get(ident, ()) else ():
            out.append(example(number, 'hit', 'text: %s' % hit))
            out.append(example(number, 'miss', 'text: not%s' % name))
            if i < 2:
                out.append(example(number, 'miss', 'text: %s.example.com' % name))
            out += [example(number, 'miss', 'text: %s' % trap)
                    for of, trap in TRAPS.get(ident, ()) if of == name]
    inband = sid + len(names) * len(BUFFERS)
    out += [example(inband + rule, expectation, what)
            for rule, expectation, what in INBAND_EXAMPLES.get(ident, ())]
    given = {rule for rule, _, _ in INBAND_EXAMPLES.get(ident, ())}
    for first, rules in ((inband, INBAND.get(ident, ())), (sid + MARKER_SID,
                                                           MARKERS.get(ident, ()))):
        for i, rule in enumerate(rules):
            if rule and not (first == inband and i in given):
                out += [example(first + i, *e) for e in own_examples(rule)]
    below = [inband + len(INBAND.get(ident, ())), sid + QUIC_SID + len(names)]
    for i, (begin, end) in enumerate(SHARED.get(ident, ())):
        for number in [below[0] + len(BUFFERS) * i + k for k in range(len(BUFFERS))] + [
                below[1] + i]:
            out.append(example(number, 'hit', 'text: %s7%s' % (begin, end)))
            out.append(example(number, 'miss', 'text: x.%s7%s' % (begin, end)))
    return out


def read_services(path):
    """(id, name, class, {name: source}) of each; a name that two services claim is the first one's."""
    services = []
    with open(path, encoding='utf-8') as f:
        for row in csv.DictReader(f, delimiter='\t', quoting=csv.QUOTE_NONE):
            ident = row['#id']
            names = {} if ident in PROTOCOLS else suffixes(row, ident)
            services.append((ident, re.sub(r'\s*\(.*', '', row['service']), row['class'], names))
    for ident, (name, cls, names) in EXTRA.items():
        services.append((ident, name, cls, dict.fromkeys(names, OWNER)))
    owner = {}
    return [(ident, name, cls, {
        n: names[n] for n in minimal(set(names)) if owner.setdefault(n.lstrip('='), ident) == ident})
            for ident, name, cls, names in services]


def main():
    examples = sys.argv[1:2] == ['--examples']
    if len(sys.argv) != 2 + examples:
        sys.exit(__doc__)
    services = read_services(sys.argv[-1])
    if examples:
        print('# Examples of im-services.rules. Made by tools/gen_im_services.py; do not edit.')
        for number, (ident, name, cls, names) in enumerate(services, 1):
            print('\n'.join(service_examples(ident, list(names), 4000000 + 1000 * number)))
        return
    print('''# Instant messengers, and what belongs to them: services named by the TLS server name, the HTTP
# host, the DNS query, and by what they say in their own protocols.
#
# metadata "service" names the flow; where several rules hit, the longest content wins, so that
# weixin.qq.com is WeChat's though qq.com is QQ's. "class" is the kind of service. What a rule rests
# on: "source", "reviewed", "expires", "confidence", "function" (docs/patterns.md).
#
# Made by tools/gen_im_services.py; do not edit. sid = 4,000,000 + 1,000 times the service's row in
# the table + a running number; QUIC from 500 on.
''')
    for number, (ident, name, cls, names) in enumerate(services, 1):
        if not names and ident not in INBAND and ident not in MARKERS:
            continue
        print('# %s' % name)
        print('\n'.join(service_rules(ident, name, cls, names, 4000000 + 1000 * number)))
        print()


if __name__ == '__main__':
    main()
