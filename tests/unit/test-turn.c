/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who waits for whom: threads that want the same work, and threads that would wait in a circle. And names that are near
 * each other. */
#include <sys/wait.h>
#include <unistd.h>

#include "kms-similar-private.h"
#include "kms-turn-private.h"

#define SECOND G_TIME_SPAN_SECOND

static void
test_again (void)
{
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpint (_kms_turn_take ("a", -1), ==, KMS_TURN_MINE);
      _kms_turn_end ("a");
    }
}

static void
test_itself (void)
{
  g_assert_cmpint (_kms_turn_take ("a", -1), ==, KMS_TURN_MINE);
  g_assert_cmpint (_kms_turn_take ("a", -1), ==, KMS_TURN_CIRCLE);
  g_assert_cmpint (_kms_turn_take ("b", -1), ==, KMS_TURN_MINE);
  g_assert_cmpint (_kms_turn_take ("a", -1), ==, KMS_TURN_CIRCLE);
  _kms_turn_end ("b");
  _kms_turn_end ("a");
  g_assert_cmpint (_kms_turn_take ("a", -1), ==, KMS_TURN_MINE);
  _kms_turn_end ("a");
}

static gpointer
take_and_end (gpointer data)
{
  KmsTurn turn = _kms_turn_take ("a", -1);

  _kms_turn_end ("a");
  return GINT_TO_POINTER (turn);
}

static void
test_others_wait (void)
{
  GThread *threads[4];
  guint n_after_others = 0;

  g_assert_cmpint (_kms_turn_take ("a", -1), ==, KMS_TURN_MINE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("taker", take_and_end, NULL);
  g_usleep (20 * 1000);
  _kms_turn_end ("a");
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      int turn = GPOINTER_TO_INT (g_thread_join (threads[i]));
      g_assert_true (turn == KMS_TURN_MINE || turn == KMS_TURN_MINE_AFTER_OTHERS);
      n_after_others += turn == KMS_TURN_MINE_AFTER_OTHERS;
    }
  g_test_message ("%u of %zu waited", n_after_others, G_N_ELEMENTS (threads));
}

static gpointer
take_shortly (gpointer data)
{
  return GINT_TO_POINTER (_kms_turn_take ("a", SECOND / 50));
}

static void
test_times_out (void)
{
  g_assert_cmpint (_kms_turn_take ("a", -1), ==, KMS_TURN_MINE);
  g_autoptr (GThread) thread = g_thread_new ("taker", take_shortly, NULL);
  g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (g_steal_pointer (&thread))), ==, KMS_TURN_TIMED_OUT);
  _kms_turn_end ("a");
}

typedef struct
{
  const char *own;
  const char *wanted;
  gint *n_ready; /* atomic */
} Crossing;

static gpointer
take_crosswise (gpointer data)
{
  Crossing *self = data;

  g_assert_cmpint (_kms_turn_take (self->own, -1), ==, KMS_TURN_MINE);
  g_atomic_int_inc (self->n_ready);
  while (g_atomic_int_get (self->n_ready) < 3)
    g_thread_yield ();
  KmsTurn turn = _kms_turn_take (self->wanted, -1);
  if (turn != KMS_TURN_CIRCLE)
    _kms_turn_end (self->wanted);
  _kms_turn_end (self->own);
  return GINT_TO_POINTER (turn);
}

/* Three modules in three threads, each of which asks for the next: one is refused, so that the others can go on. */
static void
test_circle_of_threads (void)
{
  gint n_ready = 0;
  Crossing crossings[] = { { "a", "b", &n_ready }, { "b", "c", &n_ready }, { "c", "a", &n_ready } };
  GThread *threads[3];
  guint n_circles = 0;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("crossing", take_crosswise, &crossings[i]);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    n_circles += GPOINTER_TO_INT (g_thread_join (threads[i])) == KMS_TURN_CIRCLE;
  g_assert_cmpuint (n_circles, ==, 1);
}

static gpointer
take_and_keep (gpointer data)
{
  g_assert_cmpint (_kms_turn_take ("kept", -1), ==, KMS_TURN_MINE);
  return NULL;
}

/* The thread that would end it stays with the parent. */
static void
test_forked_child (void)
{
  int status;

  g_thread_join (g_thread_new ("keeper", take_and_keep, NULL));
  pid_t child = fork ();
  if (child == 0)
    _exit (_kms_turn_take ("kept", SECOND) == KMS_TURN_MINE ? 0 : 1);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (status, ==, 0);
  g_assert_cmpint (_kms_turn_take ("kept", 0), ==, KMS_TURN_TIMED_OUT);
  _kms_turn_end ("kept");
}

static const struct
{
  const char *name;
  const char *expected;
} similar[] = {
  { "ordres", "\"orders\"" },
  { "ord", "\"orders\", \"orders-eu\"" },
  { "vualt", "\"vault\"" },
  { "vaultt", "\"vault\"" },
  { "ault", "\"vault\"" },
  { "b", NULL },
  { "users", NULL },
  { "", NULL },
  { "a-name-that-is-far-longer-than-any-that-a-file-could-ever-have-here", NULL },
};

static void
test_similar (void)
{
  static const char *const names[] = { "orders-eu", "orders", "vault", "a",
                                       "another-name-that-is-far-longer-than-any-that-a-file-could-ever-have" };
  g_autoptr (GPtrArray) list = g_ptr_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_ptr_array_add (list, (gpointer) names[i]);
  for (guint i = 0; i < G_N_ELEMENTS (similar); i++)
    {
      g_autofree char *found = _kms_similar_list (similar[i].name, list);
      g_assert_cmpstr (found, ==, similar[i].expected);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/turn/again", test_again);
  g_test_add_func ("/turn/itself", test_itself);
  g_test_add_func ("/turn/others-wait", test_others_wait);
  g_test_add_func ("/turn/times-out", test_times_out);
  g_test_add_func ("/turn/circle-of-threads", test_circle_of_threads);
  g_test_add_func ("/turn/forked-child", test_forked_child);
  g_test_add_func ("/similar", test_similar);
  return g_test_run ();
}
