#!/usr/bin/env python3
"""Write the reference tables of public numbering as C.

usage: gen_reference.py OUT.c

Read from what Debian packages: python3-stdnum (regions of GB/T 2260, the IBAN registry, mobile
networks of E.212, places of birth in Malaysian numbers), python3-phonenumbers (numbering plans)
and iso-codes (numeric countries of ISO 3166). dataplane/base/reference_tables.h says what the
tables mean.
"""
import json
import pathlib
import re
import sys

# Debian's packages, also when the first python3 of the path is another one.
sys.path.append('/usr/lib/python3/dist-packages')
import phonenumbers  # noqa: E402
import stdnum  # noqa: E402

try:
    from re import _parser as sre_parse  # 3.11 on
except ImportError:
    import sre_parse

STDNUM = pathlib.Path(stdnum.__file__).parent
ISO_3166 = pathlib.Path('/usr/share/iso-codes/json/iso_3166-1.json')
TYPES = ('fixed_line', 'mobile', 'toll_free', 'premium_rate', 'shared_cost', 'personal_number',
         'voip', 'pager', 'uan', 'voicemail')
DIGITS = frozenset(range(10))


def rows(name):
    """Lines of a stdnum table: (depth, key, rest)."""
    for line in (STDNUM / name).read_text(encoding='utf-8').splitlines():
        if line.strip() and not line.startswith('#'):
            key, _, rest = line.strip().partition(' ')
            yield len(line) - len(line.lstrip()), key, rest


class Plan:
    """Numbering plans as one automaton over digits: equal states are one state."""

    def __init__(self):
        self.steps, self.free = [], []
        self.states = [(False, (0,) * 10)]  # 0: no number goes on from here
        self.known = {self.states[0]: 0}

    def node(self):
        self.steps.append([])
        self.free.append([])
        return len(self.steps) - 1

    def step(self, start, digits):
        end = self.node()
        self.steps[start].append((digits, end))
        return end

    @staticmethod
    def members(items):
        out = set()
        for op, value in items:
            if str(op) == 'LITERAL':
                out.add(value - 48)
            elif str(op) == 'RANGE':
                out |= set(range(value[0] - 48, value[1] - 47))
            elif str(op) == 'CATEGORY':
                out |= DIGITS
            else:
                raise ValueError(op)
        return frozenset(out)

    def join(self, ends):
        out = self.node()
        for end in ends:
            self.free[end].append(out)
        return out

    def add(self, tree, start):
        """Puts a parsed expression behind a node; returns where it ends."""
        for op, value in tree:
            op = str(op)
            if op in ('LITERAL', 'CATEGORY'):
                start = self.step(start, self.members([(op, value)]))
            elif op == 'IN':
                start = self.step(start, self.members(value))
            elif op == 'SUBPATTERN':
                start = self.add(value[-1], start)
            elif op == 'BRANCH':
                start = self.join([self.add(t, self.join([start])) for t in value[1]])
            elif op == 'MAX_REPEAT':
                low, high, tree_in = value
                ends = [start]
                for _ in range(int(high)):
                    ends.append(self.add(tree_in, ends[-1]))
                start = self.join(ends[int(low):])
            else:
                raise ValueError(op)
        return start

    def closure(self, nodes):
        out, todo = set(nodes), list(nodes)
        while todo:
            for n in self.free[todo.pop()]:
                if n not in out:
                    out.add(n)
                    todo.append(n)
        return frozenset(out)

    def state(self, patterns):
        """The state in which a number of one of these patterns begins."""
        begin, ends = self.node(), set()
        for p in sorted(patterns):
            ends.add(self.add(sre_parse.parse(p), self.join([begin])))
        memo = {}

        def number(nodes):
            if nodes not in memo:
                following = tuple(number(self.closure(to)) if to else 0 for to in (
                    {end for n in nodes for digits, end in self.steps[n] if d in digits}
                    for d in range(10)))
                key = (bool(nodes & ends), following)
                if key not in self.known:
                    self.known[key] = len(self.states)
                    self.states.append(key)
                memo[nodes] = self.known[key]
            return memo[nodes]

        return number(self.closure({begin}))


def numbering():
    plan, codes = Plan(), []
    for code, regions in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()):
        patterns, lengths = set(), 0
        for region in regions:
            metadata = phonenumbers.PhoneMetadata
            m = (metadata.metadata_for_nongeo_region(code) if region == '001'
                 else metadata.metadata_for_region(region))
            for n in m.general_desc.possible_length:
                lengths |= 1 << n if n > 0 else 0
            for kind in TYPES:
                desc = getattr(m, kind)
                if desc is not None and desc.national_number_pattern:
                    patterns.add(desc.national_number_pattern)
        codes.append((code, plan.state(patterns), lengths))
    china = phonenumbers.PhoneMetadata.metadata_for_region('CN')
    mobile = plan.state({china.mobile.national_number_pattern})
    fixed = plan.state({china.fixed_line.national_number_pattern})
    assert len(plan.states) < 65536
    return plan.states, codes, mobile, fixed


def regions():
    codes = {int(key) for _, key, _ in rows('cn/loc.dat') if re.fullmatch(r'\d{6}', key)}
    # Residents of Hong Kong, Macao and Taiwan have cards of their own since 2018.
    return sorted(codes | {810000, 820000, 830000})


def iban():
    out = []
    for _, key, rest in rows('iban.dat'):
        parts = re.findall(r'(\d+)!([nac])', re.search(r'bban="([^"]*)"', rest)[1])
        out.append((key, ''.join(kind * int(n) for n, kind in parts)))
    return sorted(out)


def networks():
    out, country = [], None
    for depth, key, _ in rows('imsi.dat'):
        if depth == 0:
            country = int(key) if re.fullmatch(r'\d{3}', key) else None
            continue
        low, _, high = key.partition('-')
        if country is not None and re.fullmatch(r'\d{2,3}', low):
            base = country * 10000 + len(low) * 1000
            out.append((base + int(low), base + int(high or low)))
    return merged(sorted(set(out)))


def merged(ranges):
    """Ranges (low, high) that touch are one."""
    out = []
    for low, high in ranges:
        if out and low <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(high, out[-1][1]))
        else:
            out.append((low, high))
    return out


def birthplaces():
    return sorted({int(key) for _, key, _ in rows('my/bp.dat') if re.fullmatch(r'\d\d', key)})


def countries():
    entries = json.loads(ISO_3166.read_text(encoding='utf-8'))['3166-1']
    return sorted(int(e['numeric']) for e in entries)


def array(out, kind, name, values, per_line=12):
    print(f'const {kind} {name}[] = {{', file=out)
    for i in range(0, len(values), per_line):
        print('\t' + ', '.join(str(v) for v in values[i:i + per_line]) + ',', file=out)
    print('};\n', file=out)


def count(out, name, n):
    print(f'const unsigned {name} = {n};', file=out)


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith('-'):
        sys.exit(__doc__)
    with open(sys.argv[1], 'w', encoding='ascii') as out:
        print('// Made by tools/gen_reference.py; do not edit.\n', file=out)
        print('#include "dataplane/base/reference_tables.h"\n', file=out)
        codes = regions()
        array(out, 'uint32_t', 'reference_regions', codes)
        count(out, 'reference_n_regions', len(codes))
        accounts = iban()
        array(out, 'struct reference_iban', 'reference_ibans',
              ['{"%s", "%s"}' % a for a in accounts], 1)
        count(out, 'reference_n_ibans', len(accounts))
        states, calling, mobile, fixed = numbering()
        array(out, 'struct reference_state', 'reference_states',
              ['{%d, {%s}}' % (final, ', '.join(map(str, to))) for final, to in states], 1)
        array(out, 'struct reference_code', 'reference_codes',
              ['{%d, %d, 0x%x}' % c for c in calling], 6)
        count(out, 'reference_n_codes', len(calling))
        count(out, 'reference_cn_mobile', mobile)
        count(out, 'reference_cn_fixed', fixed)
        ranges = networks()
        array(out, 'struct reference_range', 'reference_networks', ['{%d, %d}' % r for r in ranges], 6)
        count(out, 'reference_n_networks', len(ranges))
        for name, values in (('birthplaces', birthplaces()), ('countries', countries())):
            array(out, 'uint32_t', 'reference_' + name, values)
            count(out, 'reference_n_' + name, len(values))


if __name__ == '__main__':
    main()
