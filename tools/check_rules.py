#!/usr/bin/env python3
"""Fail when a rule of the shipped sets does not say what it rests on, or has no examples.

usage: check_rules.py DIRECTORY     exit status: 0 fine, 1 faults (one line each), 2 usage

Each rule of DIRECTORY/*.rules has in its metadata owner, source, reviewed, expires, confidence, and, when
it names a service, function; and in NAME.examples.yaml beside it, or in its metadata, at least one example
that must hit and one that must not. That they do is the business of sealwatch-replay --examples.
"""
import collections
import pathlib
import re
import sys

DATE = re.compile(r'^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$')
WORDS = {'confidence': {'high', 'medium', 'low'},
         'function': {'unknown', 'chat', 'call', 'voice', 'video', 'media', 'login'}}
ALWAYS = ('owner', 'source', 'reviewed', 'expires', 'confidence')


def pairs_of(rule):
    """Metadata of all its options of that name: key -> values."""
    out = collections.defaultdict(list)
    for text in re.findall(r'[(;] *metadata: *([^;]*);', rule):
        for pair in text.split(','):
            key, _, value = pair.strip().partition(' ')
            out[key].append(value.strip())
    return out


def faults_of(pairs):
    for key in ALWAYS + (('function',) if 'service' in pairs else ()):
        if not pairs.get(key) or not pairs[key][0]:
            yield 'no ' + key
    for key in ('reviewed', 'expires'):
        if any(not DATE.match(value) for value in pairs.get(key, ())):
            yield key + ' is no date (YYYY-MM-DD)'
    if pairs.get('reviewed', [''])[0] >= pairs.get('expires', ['~'])[0]:
        yield 'expires before it was reviewed'
    for key, words in WORDS.items():
        if any(value not in words for value in pairs.get(key, ())):
            yield '%s is none of %s' % (key, ' '.join(sorted(words)))


def examples_of(path):
    """sid -> what is expected."""
    out = collections.defaultdict(set)
    if path.exists():
        sid = expect = None
        for line in path.read_text(encoding='utf-8').splitlines():
            if line.lstrip().startswith('- '):
                sid = expect = None
            found = re.search(r'\bsid: *([0-9]+)', line)
            sid = found.group(1) if found else sid
            found = re.search(r'\bexpect: *(hit|miss)', line)
            expect = found.group(1) if found else expect
            if sid and expect:
                out[sid].add(expect)
    return out


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    faults = rules = 0
    for path in sorted(pathlib.Path(sys.argv[1]).glob('*.rules')):
        examples = examples_of(path.with_name(path.stem + '.examples.yaml'))
        for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
            if not re.match(r' *(alert|pass|drop|reject\w*) ', line):
                continue
            rules += 1
            pairs = pairs_of(line)
            sid = re.search(r'[(;] *sid: *([0-9]+)', line)
            told = set(examples[sid.group(1)]) if sid else set()
            told |= {key[8:] for key in ('example_hit', 'example_miss') if pairs.get(key)}
            what = list(faults_of(pairs))
            what += ['no example that must ' + e for e in ('hit', 'miss') if e not in told]
            faults += len(what)
            for fault in what:
                print('%s:%d: %s: %s' % (path, number, sid.group(1) if sid else '?', fault))
    if rules == 0:
        print('no rules in ' + sys.argv[1])
    return 1 if faults or rules == 0 else 0


if __name__ == '__main__':
    sys.exit(main())
