"""MediaPipe's face mesh as a process to compare with; run by the Python of an environment that has mediapipe.

    PYTHON mediapipe_face_mesh.py CLIP

Takes turns with the monitor as ``wakeful bench pipeline --source CLIP --peer "PYTHON tools/mediapipe_face_mesh.py
CLIP"``: a number on the standard input asks for that many frames, a JSON list of
their times in ms, ``process`` alone, comes back on the standard output. Imports nothing of wakeful.
"""

import json
import sys
import time

import cv2
import mediapipe  # type: ignore[import-not-found, import-untyped, unused-ignore]


def main() -> None:
    """Answers until the standard input ends."""
    clip = cv2.VideoCapture(sys.argv[1])
    mesh = mediapipe.solutions.face_mesh.FaceMesh(refine_landmarks=True)
    print("[]", flush=True)
    for line in sys.stdin:
        pictures = []
        for _ in range(int(line)):
            ok, picture = clip.read()
            if not ok:
                break
            pictures.append(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
        times_ms = []
        for picture in pictures:
            began_s = time.perf_counter()
            mesh.process(picture)
            times_ms.append(1000 * (time.perf_counter() - began_s))
        print(json.dumps(times_ms), flush=True)


main()
