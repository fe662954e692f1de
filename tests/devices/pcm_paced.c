/* ALSA plug-in "paced": a sound card made of files, running on CLOCK_MONOTONIC.
 *
 *   infile    raw interleaved frames that the microphone hears; outfile: raw frames that the speaker played
 *   origin_ns CLOCK_MONOTONIC time of frame 0 in both files: what is heard or played when is exact
 *   rate channels format (a snd_pcm_format name)   ppm: how much faster the card's clock runs   loop: infile repeats
 *   control   a file whose first letter says: g gone (ENODEV), b busy (EBUSY at open), w wedged (no time passes)
 *
 * The card does not stop while nobody reads: what is not fetched in time is lost, as with a real one (EPIPE).
 */
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

typedef struct {
	snd_pcm_ioplug_t io;
	int file, loop;
	long long origin_ns, file_frames;
	long rate, channels, ppm;
	size_t frame_bytes;
	long long start;      /* card frame at which the running stream began */
	long long frozen;     /* last frame count, kept while wedged */
	char *early;          /* what was written before the stream was started */
	char control[512];
} paced_t;

static char said(paced_t *p)
{
	char letter = 0;
	int fd = open(p->control, O_RDONLY);
	if (fd >= 0) {
		if (read(fd, &letter, 1) < 1)
			letter = 0;
		close(fd);
	}
	return letter;
}

/* Frames that the card has clocked since origin_ns. */
static long long clocked(paced_t *p)
{
	struct timespec now;
	if (said(p) == 'w')
		return p->frozen;
	clock_gettime(CLOCK_MONOTONIC, &now);
	__int128 ns = (__int128)now.tv_sec * 1000000000 + now.tv_nsec - p->origin_ns;
	return p->frozen = (long long)(ns * p->rate * (1000000 + p->ppm) / ((__int128)1000000000 * 1000000));
}

static int paced_start(snd_pcm_ioplug_t *io)
{
	paced_t *p = io->private_data;
	/* Four times per period: a program is woken at most a quarter of a period after a period is complete. */
	long ns = 1000000000LL * io->period_size / p->rate / 4;
	struct itimerspec every = {{0, ns}, {0, ns}};
	p->start = clocked(p);
	if (io->stream == SND_PCM_STREAM_PLAYBACK &&
	    pwrite(p->file, p->early, io->appl_ptr * p->frame_bytes, p->start * p->frame_bytes) < 0)
		return -errno;
	return timerfd_settime(io->poll_fd, 0, &every, NULL) < 0 ? -errno : 0;
}

static int paced_stop(snd_pcm_ioplug_t *io)
{
	struct itimerspec never = {{0, 0}, {0, 0}};
	timerfd_settime(io->poll_fd, 0, &never, NULL);
	return 0;
}

static snd_pcm_sframes_t paced_pointer(snd_pcm_ioplug_t *io)
{
	paced_t *p = io->private_data;
	if (said(p) == 'g') {
		snd_pcm_ioplug_set_state(io, SND_PCM_STATE_DISCONNECTED);
		return -ENODEV;
	}
	if (io->state != SND_PCM_STATE_RUNNING && io->state != SND_PCM_STATE_DRAINING)
		return 0;
	long long passed = clocked(p) - p->start, ahead;
	/* The library's own counts wrap with the buffer, so what was lost must be found out here. */
	ahead = (long long)io->appl_ptr - passed;
	if (io->stream == SND_PCM_STREAM_CAPTURE ? -ahead > (long long)io->buffer_size : ahead < 0)
		return -EPIPE;
	return passed % io->buffer_size;
}

static snd_pcm_sframes_t paced_transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas,
					snd_pcm_uframes_t offset, snd_pcm_uframes_t size)
{
	paced_t *p = io->private_data;
	char *memory = (char *)areas->addr + (areas->first + areas->step * offset) / 8;
	/* appl_ptr is how many frames the program has taken or given so far; through mmap one may be shown it twice. */
	if (io->stream == SND_PCM_STREAM_PLAYBACK) {
		if (io->state != SND_PCM_STATE_RUNNING && io->appl_ptr + size > io->buffer_size)
			return -EPIPE; /* not before the start, but after an end: there is no room for it in early */
		if (io->state != SND_PCM_STATE_RUNNING)
			memcpy(p->early + io->appl_ptr * p->frame_bytes, memory, size * p->frame_bytes);
		else if (pwrite(p->file, memory, size * p->frame_bytes, (p->start + io->appl_ptr) * p->frame_bytes) < 0)
			return -errno;
		return size;
	}
	memset(memory, 0, size * p->frame_bytes);
	for (snd_pcm_uframes_t i = 0; i < size;) {
		long long at = p->start + (long long)(io->appl_ptr + i), left;
		if (p->loop && p->file_frames > 0 && at >= 0)
			at %= p->file_frames;
		left = p->file_frames - at;
		if (at < 0 || left <= 0)
			break;
		if (left > (long long)(size - i))
			left = size - i;
		if (pread(p->file, memory + i * p->frame_bytes, left * p->frame_bytes, at * p->frame_bytes) < 0)
			return -errno;
		i += left;
	}
	return size;
}

static int paced_prepare(snd_pcm_ioplug_t *io)
{
	paced_t *p = io->private_data;
	p->early = realloc(p->early, io->buffer_size * p->frame_bytes);
	return said(p) == 'g' ? -ENODEV : 0;
}

static int paced_poll_revents(snd_pcm_ioplug_t *io, struct pollfd *fds, unsigned int count, unsigned short *revents)
{
	paced_t *p = io->private_data;
	uint64_t ticks;
	if (read(io->poll_fd, &ticks, sizeof ticks) < 0 && errno != EAGAIN)
		return -errno;
	*revents = 0;
	if (said(p) == 'g')
		*revents = POLLERR;
	else if (fds[0].revents & POLLIN && snd_pcm_avail_update(io->pcm) != 0)
		*revents = io->stream == SND_PCM_STREAM_CAPTURE ? POLLIN : POLLOUT;
	return 0;
}

static int paced_close(snd_pcm_ioplug_t *io)
{
	paced_t *p = io->private_data;
	close(io->poll_fd);
	close(p->file);
	free(p->early);
	free(p);
	return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = {
	.start = paced_start, .stop = paced_stop, .pointer = paced_pointer, .transfer = paced_transfer,
	.prepare = paced_prepare, .poll_revents = paced_poll_revents, .close = paced_close,
};

SND_PCM_PLUGIN_DEFINE_FUNC(paced)
{
	const char *infile = NULL, *outfile = NULL, *control = "", *format_name = "S16_LE", *origin = "0";
	snd_config_iterator_t i, next;
	struct stat status;
	paced_t *p = calloc(1, sizeof *p);
	p->rate = 48000;
	p->channels = 1;
	snd_config_for_each(i, next, conf) {
		snd_config_t *node = snd_config_iterator_entry(i);
		const char *key;
		long flag;
		if (snd_config_get_id(node, &key) < 0)
			continue;
		if (!strcmp(key, "infile")) snd_config_get_string(node, &infile);
		else if (!strcmp(key, "outfile")) snd_config_get_string(node, &outfile);
		else if (!strcmp(key, "control")) snd_config_get_string(node, &control);
		else if (!strcmp(key, "format")) snd_config_get_string(node, &format_name);
		else if (!strcmp(key, "origin_ns")) snd_config_get_string(node, &origin);
		else if (!strcmp(key, "rate")) snd_config_get_integer(node, &p->rate);
		else if (!strcmp(key, "channels")) snd_config_get_integer(node, &p->channels);
		else if (!strcmp(key, "ppm")) snd_config_get_integer(node, &p->ppm);
		else if (!strcmp(key, "loop") && snd_config_get_integer(node, &flag) == 0) p->loop = flag;
	}
	snprintf(p->control, sizeof p->control, "%s", control);
	p->origin_ns = atoll(origin);
	snd_pcm_format_t format = snd_pcm_format_value(format_name);
	p->frame_bytes = p->channels * snd_pcm_format_physical_width(format) / 8;
	const char *path = stream == SND_PCM_STREAM_CAPTURE ? infile : outfile;
	int err = said(p) == 'g' ? -ENODEV : said(p) == 'b' ? -EBUSY : path == NULL ? -ENODEV : 0;
	if (err == 0) {
		p->file = stream == SND_PCM_STREAM_CAPTURE ? open(path, O_RDONLY) : open(path, O_RDWR | O_CREAT, 0644);
		if (p->file < 0)
			err = -ENODEV;
	}
	if (err < 0) {
		free(p);
		return err;
	}
	if (fstat(p->file, &status) == 0)
		p->file_frames = status.st_size / p->frame_bytes;
	p->io.version = SND_PCM_IOPLUG_VERSION;
	p->io.name = "paced sound card of files";
	p->io.callback = &callbacks;
	p->io.private_data = p;
	p->io.mmap_rw = 0;
	p->io.poll_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	p->io.poll_events = POLLIN;
	unsigned access[] = {SND_PCM_ACCESS_MMAP_INTERLEAVED, SND_PCM_ACCESS_RW_INTERLEAVED}, formats[] = {format};
	if ((err = snd_pcm_ioplug_create(&p->io, name, stream, mode)) < 0)
		return err;
	if ((err = snd_pcm_ioplug_set_param_list(&p->io, SND_PCM_IOPLUG_HW_ACCESS, 2, access)) < 0 ||
	    (err = snd_pcm_ioplug_set_param_list(&p->io, SND_PCM_IOPLUG_HW_FORMAT, 1, formats)) < 0 ||
	    (err = snd_pcm_ioplug_set_param_minmax(&p->io, SND_PCM_IOPLUG_HW_CHANNELS, p->channels, p->channels)) < 0 ||
	    (err = snd_pcm_ioplug_set_param_minmax(&p->io, SND_PCM_IOPLUG_HW_RATE, p->rate, p->rate)) < 0 ||
	    (err = snd_pcm_ioplug_set_param_minmax(&p->io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 64 * p->frame_bytes, 1 << 20)) < 0 ||
	    (err = snd_pcm_ioplug_set_param_minmax(&p->io, SND_PCM_IOPLUG_HW_PERIODS, 2, 64)) < 0) {
		snd_pcm_ioplug_delete(&p->io);
		return err;
	}
	*pcmp = p->io.pcm;
	return 0;
}
SND_PCM_PLUGIN_SYMBOL(paced);
