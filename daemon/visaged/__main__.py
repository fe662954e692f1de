"""``python -m visaged``: the same as the ``visaged`` command."""

import sys

from visaged.cli import main

sys.exit(main())
