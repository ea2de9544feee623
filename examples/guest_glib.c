/* SPDX-License-Identifier: MIT
 *
 * koru as the guest of a GLib main loop, as a GTK program has one: GLib's timers and koru's tasks
 * take turns on one thread, and each may call the other.
 */
#include <koru/koru.h>

#include <glib-unix.h>
#include <glib.h>
#include <stdio.h>

struct window {
	GMainLoop *loop;
	struct koru_guest *guest;
	struct koru_event clicked;
	int frames; /* drawn by GLib's timer */
};

/* Callbacks of GLib: no tasks. */

static gboolean on_frame(gpointer data)
{
	struct window *w = data;
	w->frames++;
	return G_SOURCE_CONTINUE;
}

/* What a button would do. */
static gboolean on_click(gpointer data)
{
	struct window *w = data;
	koru_event_set(&w->clicked); /* wakes the task; it runs in the next step */
	return G_SOURCE_REMOVE;
}

/* There is something to do for koru. */
static gboolean on_ready(gint fd, GIOCondition condition, gpointer data)
{
	struct window *w = data;
	(void)fd;
	(void)condition;
	if (koru_step(w->guest) != 0)
		return G_SOURCE_CONTINUE;
	g_main_loop_quit(w->loop);
	return G_SOURCE_REMOVE;
}

/* Tasks of koru: what waits here lets GLib go on. */

static int wait_for_clicks(void *arg)
{
	struct window *w = arg;
	for (int i = 1; i <= 3; i++) {
		g_timeout_add(4, on_click, w); /* a task may call GLib, too */
		int rc = koru_event_wait(&w->clicked);
		if (rc < 0)
			return rc;
		koru_event_clear(&w->clicked);
		printf("click %d\n", i);
	}
	return 0;
}

/* Goes on until so many frames have been drawn. */
static int watch_frames(void *arg)
{
	struct window *w = arg;
	while (w->frames < 10) {
		int rc = koru_sleep(KORU_MILLISECOND);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int app(void *arg)
{
	struct koru_scope both;
	koru_scope_open(&both, &(struct koru_scope_opts){ .timeout = KORU_MINUTE });
	koru_go(&both, wait_for_clicks, arg);
	koru_go(&both, watch_frames, arg);
	int rc = koru_scope_close(&both);
	if (rc == 0)
		puts("three clicks, and ten frames or more");
	return rc;
}

int main(void)
{
	struct window w = { .frames = 0 };
	w.loop = g_main_loop_new(NULL, FALSE);
	int rc = koru_guest_open(&w.guest, app, &w, NULL);
	if (rc == 0) {
		g_unix_fd_add(koru_guest_fd(w.guest), G_IO_IN, on_ready, &w);
		g_timeout_add(2, on_frame, &w);
		g_main_loop_run(w.loop);
		rc = koru_guest_close(w.guest);
	}
	g_main_loop_unref(w.loop);
	printf("result: %d\n", rc);
	return rc < 0;
}
