"""The page of transcripts as the commands print them: `--write`, or `--print SECTION`."""

import sys

from tests.interfaces.transcripts.sections import PAGE, played, sections, written

if sys.argv[1:] == ["--write"]:
    PAGE.write_text(written())
elif sys.argv[1:2] == ["--print"] and len(sys.argv) == 3:
    sys.stdout.write(played(sections()[sys.argv[2]]))
else:
    raise SystemExit(f"say --write, or --print with one of {', '.join(sections())}")
