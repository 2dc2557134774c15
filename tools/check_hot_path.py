#!/usr/bin/env python3
"""Fail when the dataplane divides or locks where nobody said why.

usage: check_hot_path.py BINARY     exit status: 0 fine, 1 faults (one line each), 2 usage

Disassembles BINARY and looks for instructions that a packet cannot afford: divisions, and those that lock
a cache line. A function that has some must stand in the table below, with the reason; so what is written
tomorrow is looked at, too. What the compiler makes of a function (".isra.0", ".constprop.1") is that
function; two of one name are both excused. Calls are another test's affair (tests/unit/test_hot_path.c).
"""
import re
import subprocess
import sys

# Function: why it may.
ALLOWED = {
    # the main thread, while something starts or is loaded
    'main': 'starts and stops threads',
    'begin_load': 'takes a pattern set over',
    'on_shadow_drop': 'ends a shadow',
    'link_on_border_keys': 'takes keys over',
    'border_keys_put': 'takes keys over',
    'geo_publish': 'takes a map of countries over',
    'link_on_geo': 'takes a map of countries over',
    'ruleset_prepare': 'what a cycle is worth, once a pattern set or a change of the register',
    'rulesets_purposes': 'other purposes: once a change of the register',
    'engine_purposes': 'the same, where it is part of it',
    'engine_open': 'the same, where it is part of it',
    'on_purposes': 'the same, where it is part of it',
    'prepare': 'what a cycle is worth, once a pattern set',
    'pattern_db_load': 'loads a pattern set',
    'bounded_calloc': 'sets up a decoder',
    'rule_shares_new': 'makes tables',
    # a turn of a worker, not a packet
    'worker_run': 'the fence that says that a worker holds no pattern set (rte_rcu_qsbr)',
    'count_busy': 'what a cycle is worth, at most each 10 ms',
    'publish': 'count_busy(), where it is part of it',
    # packets that are another worker's, and captures
    'hand_over': 'a ring with several writers (rte_ring)',
    'rx': 'the reading end of such a ring; the capture, its release and its time stamps',
    'slot_free': 'a buffer of the capture goes back to its reader',
    'free_shared': 'a copy that several workers read',
    '__divti3': 'time stamps of captures in odd units',
    '__udivti3': 'time stamps of captures in odd units',
    # buffers with several owners; ours have one, which is asked first
    'mbuf_free': 'rte_pktmbuf_free()',
    'rte_pktmbuf_detach': 'rte_pktmbuf_free()',
    # rules that ask for it, of the packets that they hit
    'slots_hold': 'what rules remember of addresses is shared by workers: a lock a shard',
    'search_from': 'byte_jump that aligns',
    'pcrexform': 'a capture group of PCRE',
    # detectors, of values in texts where somebody looks for them
    'keys_take': 'the digits of degrees',
    'marks_pairs': 'the places of separators',
    'iban_take': 'the remainder by 97',
    # the bench asks for it
    'on_tx': 'costs of fields',
}
# Without these the binary is not what it should be, or was not understood.
EXPECTED = {'worker_run', 'inspect_burst', 'decode_packet', 'mbuf_free', 'port_rx'}

HEAD = re.compile(r'^[0-9a-f]+ <([^>]+)>:')
LINE = re.compile(r'^\s+[0-9a-f]+:\s+(.*)')
# A division of SSE is in ns what one of integers is. xchg with memory locks by itself.
DEAR = re.compile(r'(i?div[bwlq]?|v?div[sp][sd]|v?sqrt[sp][sd])\s|lock\s|xchg\s+[^#]*\(')


def own_name(symbol):
    return symbol.split('.')[0].split('@')[0]


def disassemble(binary):
    done = subprocess.run(['objdump', '-d', '--no-show-raw-insn', binary], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        sys.exit('check_hot_path: error: ' + done.stderr.strip())
    return done.stdout.splitlines()


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    function, faults, seen = None, 0, set()
    for text in disassemble(sys.argv[1]):
        head = HEAD.match(text)
        if head:
            function = own_name(head.group(1))
            seen.add(function)
            continue
        line = LINE.match(text)
        if line is None or not DEAR.match(line.group(1)) or function in ALLOWED:
            continue
        print('%s: %s' % (function, ' '.join(line.group(1).split())))
        faults += 1
    for missing in sorted(EXPECTED - seen):
        print('%s: there is no such function: is this the dataplane, with its symbols?' % missing)
        faults += 1
    if faults > 0:
        print('%d faults; where one is right, say why in tools/check_hot_path.py' % faults)
    return 1 if faults > 0 else 0


if __name__ == '__main__':
    sys.exit(main())
