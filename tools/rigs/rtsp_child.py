"""The program behind ``tools.rigs.rtsp_server``: GStreamer's RTSP server, run by the Python that has its bindings.

Frames come on standard input, each as its width, height and length (three little-endian 32-bit numbers) and BGR bytes;
the newest is sent as H.264 to all clients.
"""

from __future__ import annotations

import struct
import sys
import threading
from typing import Any

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402

PIPELINE = (
    "( appsrc name=frames is-live=true do-timestamp=true format=time block=false max-buffers=2 leaky-type=downstream ! "
    "videoconvert ! video/x-raw,format=I420 ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 "
    "bitrate=3000 sliced-threads=false threads=1 ! rtph264pay name=pay0 config-interval=-1 pt=96 )"
)


class Camera:
    """Hands what comes on standard input to the encoder."""

    def __init__(self) -> None:
        self._encoder: Any = None
        self._size = (0, 0)

    def configure(self, _: object, media: Any) -> None:
        self._size = (0, 0)
        self._encoder = media.get_element().get_by_name_recurse_up("frames")

    def run(self) -> None:
        while head := sys.stdin.buffer.read(12):
            width, height, length = struct.unpack("<III", head)
            frame = sys.stdin.buffer.read(length)
            encoder = self._encoder
            if encoder is None:
                continue
            if self._size != (width, height):
                self._size = (width, height)
                caps = f"video/x-raw,format=BGR,width={width},height={height},framerate=30/1"
                encoder.set_property("caps", Gst.Caps.from_string(caps))
            encoder.emit("push-buffer", Gst.Buffer.new_wrapped(frame))


def main(port: str, login: str = "") -> None:
    Gst.init(None)
    server, camera = GstRtspServer.RTSPServer(), Camera()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(PIPELINE)
    factory.set_shared(True)
    factory.connect("media-configure", camera.configure)
    if login:
        auth, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "user")
        user, _, password = login.partition(":")
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(user, password, token)
        server.set_auth(auth)
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("user", "media.factory.access", True)
        permissions.add_permission_for_role("user", "media.factory.construct", True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory("/cam", factory)
    if not server.attach(None):
        sys.exit(f"port {port} is taken")
    loop = GLib.MainLoop()

    def feed() -> None:
        camera.run()
        loop.quit()

    threading.Thread(target=feed, daemon=True).start()
    print("ready", flush=True)
    loop.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
