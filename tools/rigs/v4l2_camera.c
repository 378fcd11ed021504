/* A camera behind the kernel's interface, for programs that are started with this as LD_PRELOAD.
 *
 * /dev/video99 is the file that V4L2_CAMERA names: a line "WIDTH HEIGHT BYTES_PER_LINE FOURCC FPS\n", then raw frames,
 * which are given again and again. It has one format, and the controls of a UVC camera, of which automatic exposure
 * locks the exposure time as the driver does. With V4L2_CAMERA_FAILS=N it is gone after N frames, until it is opened
 * again, and every third frame before that is short. Not simulated: modes to choose from, buffers that fill while nobody asks,
 * USB, and whatever the controls do to the picture.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DEVICE "/dev/video99"
#define BUFFERS 4

static struct { unsigned width, height, stride, fourcc; size_t size, frames; double fps; const unsigned char *data; } camera;
static unsigned char *buffers[BUFFERS];
static unsigned queued[BUFFERS], waiting, count, sequence, streamed;
static struct timespec due;
static char ours[4096];

static struct { unsigned id, type; const char *name; int low, high, normal, value; } controls[] = {
    {V4L2_CID_GAIN, V4L2_CTRL_TYPE_INTEGER, "Gain", 0, 100, 10, 10},
    {V4L2_CID_EXPOSURE_AUTO, V4L2_CTRL_TYPE_MENU, "Auto Exposure", 0, 3, 3, 3},
    {V4L2_CID_EXPOSURE_ABSOLUTE, V4L2_CTRL_TYPE_INTEGER, "Exposure Time, Absolute", 3, 2047, 250, 250},
    {V4L2_CID_FOCUS_ABSOLUTE, V4L2_CTRL_TYPE_INTEGER, "Focus, Absolute", 0, 255, 0, 0},
};
#define CONTROLS (sizeof controls / sizeof *controls)

static void load(void)
{
    int file = open(getenv("V4L2_CAMERA"), O_RDONLY | O_CLOEXEC);
    struct stat about;
    char letters[5] = "    ";
    int head = 0;
    if (file < 0 || fstat(file, &about)) abort();
    const char *text = mmap(NULL, about.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (sscanf(text, "%u %u %u %4c %lf%n", &camera.width, &camera.height, &camera.stride, letters, &camera.fps, &head) != 5) abort();
    memcpy(&camera.fourcc, letters, 4);
    camera.size = (size_t)camera.stride * camera.height;
    camera.data = (const unsigned char *)text + head + 1;
    camera.frames = (about.st_size - head - 1) / camera.size;
}

static int opened(const char *path)
{
    if (strcmp(path, DEVICE) || !getenv("V4L2_CAMERA")) return -2;
    if (!camera.data) load();
    int handle = openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);
    if (handle >= 0 && handle < (int)sizeof ours) ours[handle] = 1;
    return handle;
}

#define OPENING(name)                                                                \
    int name(const char *path, int flags, ...)                                       \
    {                                                                                \
        va_list rest;                                                                \
        va_start(rest, flags);                                                       \
        int mode = va_arg(rest, int), handle = opened(path);                         \
        va_end(rest);                                                                \
        return handle != -2 ? handle : openat(AT_FDCWD, path, flags, mode);          \
    }
OPENING(open)
OPENING(open64)

int close(int handle)
{
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "close");
    if (handle >= 0 && handle < (int)sizeof ours) ours[handle] = 0;
    return real(handle);
}

static void *mapped(void *address, size_t length, int protection, int flags, int handle, off_t offset, const char *name)
{
    void *(*real)(void *, size_t, int, int, int, off_t) = (void *(*)(void *, size_t, int, int, int, off_t))dlsym(RTLD_NEXT, name);
    if (handle < 0 || handle >= (int)sizeof ours || !ours[handle])
        return real(address, length, protection, flags, handle, offset);
    void *memory = real(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    buffers[offset / 0x100000] = memory;
    return memory;
}
void *mmap(void *a, size_t l, int p, int f, int h, off_t o) { return mapped(a, l, p, f, h, o, "mmap"); }
void *mmap64(void *a, size_t l, int p, int f, int h, off_t o) { return mapped(a, l, p, f, h, o, "mmap64"); }

static void describe(struct v4l2_format *format)
{
    struct v4l2_pix_format *pix = &format->fmt.pix;
    pix->width = camera.width, pix->height = camera.height, pix->pixelformat = camera.fourcc;
    pix->bytesperline = camera.stride, pix->sizeimage = camera.size, pix->field = V4L2_FIELD_NONE;
}

static int control(struct v4l2_control *one, int set)
{
    for (size_t at = 0; at < CONTROLS; at++) {
        if (controls[at].id != one->id) continue;
        if (!set) { one->value = controls[at].value; return 0; }
        if (one->id == V4L2_CID_EXPOSURE_ABSOLUTE && controls[1].value != V4L2_EXPOSURE_MANUAL) return EACCES;
        int value = one->value < controls[at].low ? controls[at].low : one->value;
        controls[at].value = value > controls[at].high ? controls[at].high : value;
        return 0;
    }
    return EINVAL;
}

static int next_control(struct v4l2_queryctrl *one)
{
    unsigned after = one->id & ~V4L2_CTRL_FLAG_NEXT_CTRL;
    for (size_t at = 0; at < CONTROLS; at++) {
        int found = one->id & V4L2_CTRL_FLAG_NEXT_CTRL ? controls[at].id > after : controls[at].id == one->id;
        if (!found) continue;
        one->id = controls[at].id, one->type = controls[at].type, one->step = 1, one->flags = 0;
        one->minimum = controls[at].low, one->maximum = controls[at].high, one->default_value = controls[at].normal;
        snprintf((char *)one->name, sizeof one->name, "%s", controls[at].name);
        return 0;
    }
    return EINVAL;
}

static int dequeue(struct v4l2_buffer *buffer)
{
    const char *limit = getenv("V4L2_CAMERA_FAILS");
    if (limit && streamed >= (unsigned)atoi(limit)) return ENODEV;
    if (!waiting) return EAGAIN;
    due.tv_nsec += (long)(1e9 / camera.fps);
    while (due.tv_nsec >= 1000000000L) due.tv_nsec -= 1000000000L, due.tv_sec++;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec - due.tv_sec > 1) due = now;
    unsigned index = queued[0];
    memmove(queued, queued + 1, sizeof *queued * --waiting);
    memcpy(buffers[index], camera.data + camera.size * (sequence % camera.frames), camera.size);
    buffer->index = index, buffer->bytesused = buffer->length = camera.size, buffer->sequence = sequence++;
    if (limit && streamed++ % 3 == 1) buffer->bytesused /= 2;
    buffer->timestamp.tv_sec = now.tv_sec, buffer->timestamp.tv_usec = now.tv_nsec / 1000;
    return 0;
}

static int answer(unsigned long request, void *given)
{
    switch (request) {
    case VIDIOC_QUERYCAP: {
        struct v4l2_capability *about = given;
        memset(about, 0, sizeof *about);
        strcpy((char *)about->card, "camera");
        about->capabilities = V4L2_CAP_DEVICE_CAPS | V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        about->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        return 0;
    }
    case VIDIOC_ENUM_FMT: {
        struct v4l2_fmtdesc *one = given;
        if (one->index) return EINVAL;
        one->pixelformat = camera.fourcc;
        return 0;
    }
    case VIDIOC_G_FMT: case VIDIOC_S_FMT: case VIDIOC_TRY_FMT: describe(given); return 0;
    case VIDIOC_G_PARM: case VIDIOC_S_PARM: {
        struct v4l2_captureparm *capture = &((struct v4l2_streamparm *)given)->parm.capture;
        capture->capability = V4L2_CAP_TIMEPERFRAME;
        capture->timeperframe.numerator = 1000, capture->timeperframe.denominator = camera.fps * 1000;
        return 0;
    }
    case VIDIOC_REQBUFS: {
        struct v4l2_requestbuffers *wanted = given;
        count = wanted->count = wanted->count > BUFFERS ? BUFFERS : wanted->count;
        waiting = 0;
        return 0;
    }
    case VIDIOC_QUERYBUF: {
        struct v4l2_buffer *buffer = given;
        if (buffer->index >= count) return EINVAL;
        buffer->length = camera.size, buffer->m.offset = buffer->index * 0x100000;
        return 0;
    }
    case VIDIOC_QBUF: queued[waiting++] = ((struct v4l2_buffer *)given)->index; return 0;
    case VIDIOC_DQBUF: return dequeue(given);
    case VIDIOC_STREAMON: streamed = 0; clock_gettime(CLOCK_MONOTONIC, &due); return 0;
    case VIDIOC_STREAMOFF: waiting = 0; return 0;
    case VIDIOC_ENUMINPUT: return ((struct v4l2_input *)given)->index ? EINVAL : 0;
    case VIDIOC_G_INPUT: *(int *)given = 0; return 0;
    case VIDIOC_S_INPUT: return 0;
    case VIDIOC_QUERYCTRL: return next_control(given);
    case VIDIOC_G_CTRL: return control(given, 0);
    case VIDIOC_S_CTRL: return control(given, 1);
    default: return ENOTTY;
    }
}

int ioctl(int handle, unsigned long request, ...)
{
    static int (*real)(int, unsigned long, ...);
    va_list rest;
    va_start(rest, request);
    void *given = va_arg(rest, void *);
    va_end(rest);
    if (!real) real = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
    if (handle < 0 || handle >= (int)sizeof ours || !ours[handle]) return real(handle, request, given);
    int failed = answer((unsigned)request, given);
    if (failed) errno = failed;
    return failed ? -1 : 0;
}
