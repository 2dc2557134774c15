#!/usr/bin/env python3
"""Write the detectors' words as C.

usage: gen_detect_words.py WORDS.tsv OUT.c

WORDS.tsv says how it is written; dataplane/inspect/detect/words.h what the tables mean.
"""
import sys

ROLES, LEXICONS, DETECTORS = 'KEY_', 'LEXICON_', 'DETECT_'


def spellings(word):
    """(encoding, bytes) of a word in lower case."""
    word = word.lower()
    if word.isascii():
        return [('ENCODING_ASCII', word.encode())]
    return [('ENCODING_UTF8', word.encode()), ('ENCODING_GB18030', word.encode('gb18030'))]


def literal(b):
    return '"' + ''.join('\\%03o' % c if c >= 0x80 or c in b'"\\' else chr(c) for c in b) + '"'


def word(encoding, b):
    return '{%s, %d, %s}' % (literal(b), len(b), encoding)


def read(path):
    kinds = {'context': {}, 'key': {}, 'term': {}}
    with open(path, encoding='utf-8') as f:
        for number, line in enumerate(f, 1):
            if line.startswith('#') or not line.strip():
                continue
            parts = line.rstrip('\n').split('\t')
            if len(parts) != 3 or parts[0] not in kinds or parts[1] in kinds[parts[0]]:
                sys.exit(f'{path}:{number}: want: context, key or term; a new name; words')
            kinds[parts[0]][parts[1]] = parts[2].split('|')
    return kinds


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    kinds = read(sys.argv[1])
    with open(sys.argv[2], 'w', encoding='ascii') as out:
        print('// Made by tools/gen_detect_words.py; do not edit.\n', file=out)
        print('#include "dataplane/inspect/detect/words.h"\n', file=out)
        for name, words in kinds['context'].items():
            rows = [word(*s) for w in words for s in spellings(w)]
            print(f'static const struct word of_{name}[] = {{', file=out)
            print('\t' + ',\n\t'.join(rows) + ',\n};\n', file=out)
        print('const struct word_list detect_context[DETECTOR_COUNT] = {', file=out)
        for name in kinds['context']:
            print(f'\t[{DETECTORS}{name.upper()}] = {{of_{name}, '
                  f'sizeof(of_{name}) / sizeof(of_{name}[0])}},', file=out)
        print('};\n', file=out)
        roles = {}
        for name, words in kinds['key'].items():
            for w in words:
                for s in spellings(w):
                    roles.setdefault(s, []).append('1u << ' + ROLES + name.upper())
        print('const struct key_word detect_keys[] = {', file=out)
        for s, bits in roles.items():
            print('\t{%s, %s},' % (word(*s), ' | '.join(bits)), file=out)
        print('};\nconst unsigned detect_n_keys = %d;\n' % len(roles), file=out)
        terms = [(name, n, s) for name, words in kinds['term'].items()
                 for n, w in enumerate(words) for s in spellings(w)]
        print('const struct term detect_terms[] = {', file=out)
        for name, n, s in terms:
            print('\t{%s, %s%s, %d},' % (word(*s), LEXICONS, name.upper(), n), file=out)
        print('};\nconst unsigned detect_n_terms = %d;' % len(terms), file=out)


if __name__ == '__main__':
    main()
