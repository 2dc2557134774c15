#!/usr/bin/env python3
"""Fail when a file includes a layer or a library that its layer must not know.

usage: check_layers.py [ROOT]     exit status: 0 in order, 1 faults (one line each), 2 usage

The rows below are the table of the design. An include in quotes is a file of the tree; it may
be of the same layer or of one in the row. One in angle brackets is judged only when it is of a
library named here; the C library may be used by all. tests/ may include anything, and nothing
includes tools/ or tests/ but themselves.
"""
import pathlib
import re
import sys

# Library: what its headers look like.
LIBRARIES = {
    'dpdk': r'rte_|ethdev_|bus_',
    'hyperscan': r'hs/|hs(_\w+)?\.h$',
    'pcre2': r'pcre2',
    'pcap': r'pcap',
    'openssl': r'openssl/',
    'sodium': r'sodium',
    'cyaml': r'cyaml/|yaml\.h$',
    'jansson': r'jansson',
    'libevent': r'event2?/|event\.h$|evutil',
    'microhttpd': r'microhttpd',
    'sqlite': r'sqlite3',
    'curl': r'curl/',
    'smartcols': r'libsmartcols',
    'maxminddb': r'maxminddb',
    'seccomp': r'seccomp',
    'capng': r'cap-ng',
    'zlib': r'zlib\.h$|zconf\.h$',
    'zstd': r'zstd',
    'brotli': r'brotli/',
    'nghttp2': r'nghttp2/',
    'psl': r'libpsl',
    'cunit': r'CUnit/',
}
DATAPLANE_ONLY = {'dpdk', 'pcap'}
DECODERS = {'zlib', 'brotli', 'nghttp2'}
ALL = set(LIBRARIES)

BASE, API, INSPECT = 'dataplane/base', 'dataplane/api', 'dataplane/inspect'
PATTERNS, RUNTIME, CONTROL, TOOLS = 'patterns', 'dataplane/runtime', 'control', 'tools'

# Layer: (layers besides its own, libraries).
LAYERS = {
    BASE: (set(), set()),
    API: ({BASE}, set()),
    INSPECT: ({BASE, API}, {'openssl'} | DECODERS),
    PATTERNS: ({BASE, API}, {'hyperscan', 'pcre2', 'openssl', 'psl', 'zlib'}),
    RUNTIME: ({BASE, API, INSPECT, PATTERNS}, {'dpdk', 'pcap', 'cyaml', 'sodium', 'zlib', 'zstd'}),
    CONTROL: ({BASE, API, PATTERNS}, ALL - DATAPLANE_ONLY - {'hyperscan', 'cunit'}),
    TOOLS: ({BASE, API, INSPECT, PATTERNS, RUNTIME, CONTROL}, ALL - {'cunit'}),
}
INCLUDE = re.compile(r'\s*#\s*include\s*(["<])([^">]+)[">]')


def layer_of(path):
    return next((name for name in LAYERS if path.startswith(name + '/')), None)


def library_of(header):
    return next((name for name, look in LIBRARIES.items() if re.match(look, header)), None)


def fault(mine, quote, header):
    """What is wrong with this include in a file of layer `mine`, or None."""
    layers, libraries = LAYERS[mine]
    library = library_of(header)
    if quote == '<' or (library and layer_of(header) is None):
        return f'library {library}' if library and library not in libraries else None
    if header.startswith('.') or '/' not in header:
        return 'a path that does not start at the root'
    theirs = layer_of(header)
    if theirs is None:
        return 'no layer'
    return None if theirs == mine or theirs in layers else f'layer {theirs}'


def faults(root):
    for path in sorted(root.rglob('*.[ch]')):
        name = path.relative_to(root).as_posix()
        mine = layer_of(name)
        if mine is None:
            # build directories and tests/
            continue
        text = path.read_text(encoding='utf-8', errors='replace')
        for number, line in enumerate(text.splitlines(), 1):
            found = INCLUDE.match(line)
            what = fault(mine, found[1], found[2]) if found else None
            if what:
                yield f'{name}:{number}: {mine} must not include "{found[2]}" ({what})'


def main(arguments):
    if len(arguments) > 1:
        print(__doc__, file=sys.stderr)
        return 2
    here = pathlib.Path(__file__).resolve().parent.parent
    root = pathlib.Path(arguments[0]) if arguments else here
    if not (root / 'dataplane').is_dir():
        print(f'check_layers: {root}: not the root of the tree', file=sys.stderr)
        return 2
    found = list(faults(root))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
