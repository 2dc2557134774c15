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
}
# Claimed by one service in the table, but shared with others or another's own.
WRONG = {
    'lark': {'anycross.com', 'blmpb.com', 'bytedancehermestest.com', 'falconsending.com',
             'fei-shu.cn', 'getsays.cn', 'getsays.com', 'lackvc.cn', 'securityfs.cn'},
    'agora-chat': {'easemob.com'},
    'teams': {'skype.com'},
}

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
         '91.108.56.0/22,149.154.160.0/20,95.161.64.0/20,185.76.151.0/24,91.105.192.0/23] any',
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
             alone('0101'), alone('0103'), marker('zoom', 'sfu_connect')],
    'mumble': [marker('mumble', 'ping_answer')],
    # The relays of Meta's calls; WhatsApp's have none.
    'messenger': [realm('turner.facebook')],
    'irc': [('irc any any -> any any', 'command ' + command,
             'irc.command; content:"%s"; startswith; endswith; noalert' % command)
            for command in ('CAP', 'NICK', 'USER', 'JOIN', 'PRIVMSG')],
    # From the middle of a stream, too; a flow has many of them, so they name it and say nothing.
    'xmpp': [('xmpp any any -> any any', 'stanza ' + element,
              'xmpp.element; content:"%s"; startswith; endswith; noalert' % element)
             for element in ('stream', 'iq', 'message', 'presence')],
    # [MS-TURN] 2.2, [MS-ICE2] 2.2.
    'teams': [attribute('MS-VERSION', '8008'), attribute('MS-SERVICE-QUALITY', '8055'),
              attribute('IMPLEMENTATION-VERSION', '8070')],
    # support.google.com/a/answer/1279090: media of Meet, and of nothing else.
    'google-chat': [
        ('ip any any -> [74.125.250.0/24,142.250.82.0/24,2001:4860:4864:5::/64,'
         '2001:4860:4864:6::/64] any', 'media address', None),
        realm('turn.l.google.com')],
}
MARKER_EXAMPLES = {
    'whatsapp': [(2, 'hit', 'hex: "40 00 00 16"'), (2, 'miss', 'hex: "00 40 00 16"')],
    'threema': [(0, 'hit', 'text: flight_lengths'), (0, 'miss', 'text: flight_length')],
    'signal': [(0, 'hit', 'text: turn.signal.org'), (0, 'miss', 'text: notsignal.org')],
    'teams': [(0, 'hit', 'hex: "00 0f 80 08 00 09"'), (0, 'miss', 'hex: "00 80 08 00"')],
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
    'wechat': [
        (0, 'hit', 'values: [{field: http.uri, text: /mmtls/0a1b}, '
                   '{field: http.user_agent, text: MicroMessenger Client}]'),
        (0, 'miss', 'values: [{field: http.uri, text: /a/mmtls/0a1b}, '
                    '{field: http.user_agent, text: MicroMessenger Client}]'),
    ],
}
EXAMPLE_NAMES = 2  # of each service that have examples


def suffixes(row, ident):
    columns = {k.split('(')[0]: v for k, v in row.items() if k}
    out = set()
    for column in ('v2fly_suffixes', 'curated_suffixes', 'ndpi_substrings'):
        for s in (columns.get(column) or '').lower().split():
            if DOMAIN.match(s):
                out.add(s)
    out.update(ADDITIONS.get(ident, ()))
    return out - WRONG.get(ident, set())


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
    tail = 'metadata:service %s, class %s; classtype:policy-violation; ' % (
        ident, cls.replace('/', '-'))
    rules = []
    for n in names:
        for proto, buffers, nocase, what in BUFFERS:
            rules.append((proto + ' any any -> any any', '%s %s' % (what, n.lstrip('=')),
                          '%s; %s ' % (buffers, content(n, nocase))))
    for rule in INBAND.get(ident, ()):
        rules.append(rule and (rule[0], rule[1], rule[2] + '; ' if rule[2] else ''))
    for begin, end in SHARED.get(ident, ()):
        for proto, buffers, nocase, what in BUFFERS:
            rules.append((proto + ' any any -> any any', '%s %s*%s' % (what, begin, end),
                          '%s; %s ' % (buffers, shared(begin, end, nocase))))
    proto, buffers, nocase, what = QUIC
    quic = [(proto + ' any any -> any any', '%s %s' % (what, n.lstrip('=')),
             '%s; %s ' % (buffers, content(n, nocase))) for n in names]
    quic += [(proto + ' any any -> any any', '%s %s*%s' % (what, begin, end),
              '%s; %s ' % (buffers, shared(begin, end, nocase)))
             for begin, end in SHARED.get(ident, ())]
    later = [(header, what, options + '; ' if options else '')
             for header, what, options in MARKERS.get(ident, ())]
    # With ports, and nothing to look for, it would be looked at in every packet of every flow.
    assert all(r is GONE or r[2] or r[0].endswith(' any') for r in rules + later), ident
    assert len(rules) < QUIC_SID and len(quic) < MARKER_SID - QUIC_SID, ident
    return ['alert %s (msg:"%s: %s"; %s%ssid:%d; rev:1;)' % (header, name, what, options, tail, n)
            for first, group in ((sid, rules), (sid + QUIC_SID, quic), (sid + MARKER_SID, later))
            for n, (header, what, options) in
            ((n, r) for n, r in enumerate(group, first) if r is not GONE)]


def example(sid, expectation, what):
    return '- {sid: %d, expect: %s, %s}' % (sid, expectation, what)


def service_examples(ident, names, sid):
    """Of some of its names, what is below each, and what only looks alike; of all its own words."""
    out = []
    for i, n in enumerate(names[:EXAMPLE_NAMES]):
        name = n.lstrip('=')
        hit = name if n.startswith('=') else 'a.' + name
        sids = [sid + i * len(BUFFERS) + k for k in range(len(BUFFERS))] + [sid + QUIC_SID + i]
        for number in sids:
            out.append(example(number, 'hit', 'text: %s' % hit))
            out.append(example(number, 'miss', 'text: not%s' % name))
            out.append(example(number, 'miss', 'text: %s.example.com' % name))
    first = sid + len(names) * len(BUFFERS)
    out += [example(first + rule, expectation, what)
            for rule, expectation, what in INBAND_EXAMPLES.get(ident, ())]
    out += [example(sid + MARKER_SID + rule, expectation, what)
            for rule, expectation, what in MARKER_EXAMPLES.get(ident, ())]
    return out


def read_services(path):
    """(id, name, class, names) of each; a name that two services claim is the first one's."""
    services = []
    with open(path, encoding='utf-8') as f:
        for row in csv.DictReader(f, delimiter='\t', quoting=csv.QUOTE_NONE):
            ident = row['#id']
            names = set() if ident in PROTOCOLS else suffixes(row, ident)
            services.append((ident, re.sub(r'\s*\(.*', '', row['service']), row['class'],
                             minimal(names)))
    for ident, (name, cls, names) in EXTRA.items():
        services.append((ident, name, cls, minimal(set(names))))
    owner = {}
    return [(ident, name, cls,
             [n for n in names if owner.setdefault(n.lstrip('='), ident) == ident])
            for ident, name, cls, names in services]


def main():
    examples = sys.argv[1:2] == ['--examples']
    if len(sys.argv) != 2 + examples:
        sys.exit(__doc__)
    services = read_services(sys.argv[-1])
    if examples:
        print('# Examples of im-services.rules. Made by tools/gen_im_services.py; do not edit.')
        for number, (ident, name, cls, names) in enumerate(services, 1):
            print('\n'.join(service_examples(ident, names, 4000000 + 1000 * number)))
        return
    print('''# Instant messengers, and what belongs to them: services named by the TLS server name, the HTTP
# host, the DNS query, and by what they say in their own protocols.
#
# metadata "service" names the flow; where several rules hit, the longest content wins, so that
# weixin.qq.com is WeChat's though qq.com is QQ's. "class" is the kind of service.
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
