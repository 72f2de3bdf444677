"""CPython: `peer.py` calls a function for each document, `peer.py numpy` computes with arrays.

Neither has limits: nothing ends a function that takes too long.
"""

import sys

from conversation import serve

if sys.argv[1:] == ["numpy"]:
    from arrays import prepare
else:
    from documents import prepare

serve(prepare)
