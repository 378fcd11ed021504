"""A robot that waves when somebody looks at it, and keeps still while nobody does.

Start the monitor with `wakeful run --profile robot --stream /tmp/wakeful`, then this program:

    python examples/robot_attention.py /tmp/wakeful

It needs the standard library and wakeful, neither numpy nor OpenCV.
"""

import sys

import wakeful

LOOKED_FOR_S = 1.0


def main(path: str) -> None:
    """Prints what the robot would do, until the service ends."""
    greeted = False
    with wakeful.connect(path) as service:
        for moment in service:
            looked_s = moment.state.looking_s if moment.state.looking else None
            if looked_s is None:
                greeted = False
            elif looked_s >= LOOKED_FOR_S and not greeted:
                greeted = True
                print(
                    f"{moment.t_s:.1f} s: wave, the person is {moment.state.expression or 'hard to read'}", flush=True
                )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "/run/wakeful/stream")
