/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads one file into what it describes: its permissions first, then its text. A bad file breaks only itself. */
#include "kms-config-file-private.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "kms-error.h"
#include "kms-settings-private.h"

#define KMS_CONFIG_MAX_SIZE (1024 * 1024)

/* Looking each up costs a walk over all. */
#define KMS_CONFIG_MAX_VALUES 5000

static void
value_clear (gpointer data)
{
  KmsConfigValue *value = data;

  g_free (value->group);
  g_free (value->key);
  g_free (value->value);
}

static GPtrArray *
new_terminated_list (void)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (list, NULL);
  return list;
}

KmsConfigInfo *
_kms_config_info_new (KmsConfigKind kind, const char *name)
{
  KmsConfigInfo *self = g_new0 (KmsConfigInfo, 1);

  g_atomic_ref_count_init (&self->refs);
  self->kind = kind;
  self->name = g_strdup (name);
  self->files = new_terminated_list ();
  self->warnings = new_terminated_list ();
  self->withdrawn = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  self->values = g_array_new (FALSE, TRUE, sizeof (KmsConfigValue));
  g_array_set_clear_func (self->values, value_clear);
  self->fingerprint = g_strdup ("");
  return self;
}

static void
set_value (KmsConfigInfo *self, const char *group, const char *key, const char *text, const char *origin)
{
  for (guint i = 0; i < self->values->len; i++)
    {
      KmsConfigValue *value = &g_array_index (self->values, KmsConfigValue, i);
      if (strcmp (value->key, key) != 0 || strcmp (value->group, group) != 0)
        continue;
      g_free (value->value);
      value->value = g_strdup (text);
      value->origin = origin;
      return;
    }
  KmsConfigValue made = { g_strdup (group), g_strdup (key), g_strdup (text), origin };
  g_array_append_val (self->values, made);
}

/* GKeyFile does not mind what bytes the names of groups and keys are made of, which everybody else does. */
static gboolean
load (GKeyFile *file, const char *text, gsize length)
{
  return g_utf8_validate_len (text, length, NULL)
         && g_key_file_load_from_data (file, text, length, G_KEY_FILE_NONE, NULL);
}

static gboolean
can_load (const char *text, gsize length)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();

  return load (file, text, length);
}

/* The line that can't be read, counted from 1, and where it ends. What ends in front of it can be read, what reaches
 * beyond can't: so the lines are halved, not tried one by one. */
static guint
find_bad_line (const char *text, gsize length, gsize *end)
{
  g_autoptr (GArray) ends = g_array_new (FALSE, FALSE, sizeof (gsize));

  for (gsize at = 0; at < length;)
    {
      const char *newline = memchr (text + at, '\n', length - at);
      at = newline == NULL ? length : (gsize) (newline - text) + 1;
      g_array_append_val (ends, at);
    }
  guint good = 0, bad = ends->len;
  while (bad - good > 1)
    {
      guint middle = good + (bad - good) / 2;
      if (can_load (text, g_array_index (ends, gsize, middle - 1)))
        good = middle;
      else
        bad = middle;
    }
  *end = bad == 0 ? length : g_array_index (ends, gsize, bad - 1);
  return MAX (bad, 1);
}

/* As g_key_file_get_string(), which quotes the value in its error, and complains on stderr when two things are wrong
 * with one value. NULL for what has no meaning. */
static char *
unescape (const char *raw)
{
  static const char letters[] = "sntr\\", meanings[] = " \n\t\r\\";
  g_autoptr (GString) text = g_string_sized_new (strlen (raw));

  for (const char *at = raw; *at != '\0'; at++)
    {
      if (*at != '\\')
        {
          g_string_append_c (text, *at);
          continue;
        }
      const char *found = *++at == '\0' ? NULL : strchr (letters, *at);
      if (found == NULL)
        return NULL;
      g_string_append_c (text, meanings[found - letters]);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
fail_value (const char *path, const char *group, const char *key, GError **error)
{
  g_autofree char *where = _kms_config_info_describe_in (path, group, key);

  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
               "%s: the value has a \\ with something behind it that is none of \\s \\n \\t \\r \\\\", where);
  return FALSE;
}

static gboolean
merge_values (KmsConfigInfo *self, GKeyFile *file, const char *path, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);

  for (guint i = 0; groups[i] != NULL; i++)
    {
      g_auto (GStrv) keys = g_key_file_get_keys (file, groups[i], NULL, NULL);
      for (guint j = 0; keys != NULL && keys[j] != NULL; j++)
        {
          g_autofree char *raw = g_key_file_get_value (file, groups[i], keys[j], NULL);
          g_autofree char *value = raw == NULL ? NULL : unescape (raw);
          if (value == NULL)
            return fail_value (path, groups[i], keys[j], error);
          if (self->values->len >= KMS_CONFIG_MAX_VALUES)
            {
              g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "%s: has more than %d keys, which is the limit", path,
                           KMS_CONFIG_MAX_VALUES);
              return FALSE;
            }
          /* The file will be refused; until then nobody needs to see what stands there. */
          gboolean hidden = strcmp (groups[i], "Settings") == 0 && _kms_settings_is_secret_name (keys[j]);
          set_value (self, groups[i], keys[j], hidden ? "(not shown)" : g_strstrip (value), path);
        }
    }
  return TRUE;
}

/* What can be read around the bad lines: a file that is in use no more still says which key ids are not for others. */
static void
merge_rest (KmsConfigInfo *self, const char *path, const char *text, gsize length)
{
  g_autoptr (GString) rest = g_string_new (NULL);
  g_auto (GStrv) lines = NULL;
  g_autofree char *copy = g_utf8_make_valid (text, (gssize) length);
  g_autoptr (GKeyFile) file = g_key_file_new ();

  lines = g_strsplit (copy, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      gboolean is_group = g_strstrip (lines[i])[0] == '[';
      if (!is_group && (lines[i][0] == '#' || strchr (lines[i], '=') == NULL))
        continue;
      g_autofree char *with_group = g_strdup_printf ("[Group]\n%s\n", lines[i]);
      if (can_load (is_group ? lines[i] : with_group, strlen (is_group ? lines[i] : with_group)))
        g_string_append_printf (rest, "%s\n", lines[i]);
    }
  if (g_key_file_load_from_data (file, rest->str, rest->len, G_KEY_FILE_NONE, NULL))
    merge_values (self, file, path, NULL);
}

static gboolean
merge_text (KmsConfigInfo *self, const char *path, const char *text, gsize length, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  gsize end;

  if (load (file, text, length))
    return merge_values (self, file, path, error);
  /* Not GLib's message: it quotes the line, which may be a secret in the wrong place. */
  guint line = find_bad_line (text, length, &end);
  gboolean is_utf8 = g_utf8_validate (text, (gssize) end, NULL);
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
               "%s, line %u: %s; every line is [GROUP], KEY=VALUE, a comment that "
               "begins with #, or empty",
               path, line, is_utf8 ? "can't be read" : "is not UTF-8");
  merge_rest (self, path, text, length);
  return FALSE;
}

static char *
read_descriptor (int fd, const char *path, gsize *length, GError **error)
{
  g_autofree char *text = g_malloc (KMS_CONFIG_MAX_SIZE + 1);

  for (*length = 0;;)
    {
      gssize got = read (fd, text + *length, KMS_CONFIG_MAX_SIZE + 1 - *length);
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        {
          g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "%s: can't be read: %s", path, g_strerror (errno));
          return NULL;
        }
      *length += (gsize) got;
      if (got == 0)
        return g_steal_pointer (&text);
      if (*length > KMS_CONFIG_MAX_SIZE)
        {
          g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "%s: is larger than the limit of %d bytes", path,
                       KMS_CONFIG_MAX_SIZE);
          return NULL;
        }
    }
}

/* By what a file says, and not by its times: within a step of the clock two of them look the same. */
static void
add_fingerprint (KmsConfigInfo *self, const char *path, const char *what)
{
  g_autofree char *earlier = self->fingerprint;

  self->fingerprint = g_strconcat (earlier, path, ":", what, ";", NULL);
}

/* Hides what the lower layers say. */
static void
mask (KmsConfigInfo *self, const char *path)
{
  add_fingerprint (self, path, "mask");
  g_array_set_size (self->values, 0);
  g_clear_error (&self->error);
  _kms_config_info_fail (self, KMS_STATE_MASKED,
                         g_error_new (KMS_ERROR, KMS_ERROR_NOT_FOUND,
                                      "\"%s\" is masked by %s, which is empty; remove that file to have it back",
                                      self->name, path));
}

static void
merge_descriptor (KmsConfigInfo *self, int fd, const char *path, const struct stat *info)
{
  GError *error = NULL;
  gsize length = 0;
  g_autofree char *text = NULL;

  if (self->state == KMS_STATE_MASKED)
    {
      self->state = KMS_STATE_AVAILABLE;
      g_clear_error (&self->error);
    }
  if (S_ISREG (info->st_mode))
    text = read_descriptor (fd, path, &length, &error);
  else
    g_set_error (&error, KMS_ERROR, KMS_ERROR_CONFIG, "%s: is not a regular file", path);
  if (text != NULL)
    {
      g_autofree char *sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guint8 *) text, length);
      add_fingerprint (self, path, sum);
      merge_text (self, path, text, length, &error);
    }
  if (error != NULL)
    _kms_config_info_fail (self, KMS_STATE_CONFIG_ERROR, error);
}

static gboolean
is_dev_null (const struct stat *info)
{
  struct stat null_info;
  return S_ISCHR (info->st_mode) && stat ("/dev/null", &null_info) == 0 && info->st_rdev == null_info.st_rdev;
}

/* A link to /dev/null is judged by its own owner: the device belongs to root, and everybody may write to it. */
static gboolean
check_permissions (const char *path, const struct stat *info, gboolean is_null, GError **error)
{
  struct stat link_info;

  if (!is_null || lstat (path, &link_info) != 0)
    return _kms_permissions_check_in_directory (path, info, error);
  link_info.st_mode &= ~(mode_t) (S_IWGRP | S_IWOTH);
  return _kms_permissions_check_in_directory (path, &link_info, error);
}

/* FALSE where the file must not be read. */
static gboolean
judge_permissions (KmsConfigReading *reading, KmsConfigInfo *self, const char *path, KmsLayer layer,
                   const struct stat *info, gboolean is_null)
{
  GError *error = NULL;

  if (reading->permissions == KMS_PERMISSIONS_OFF
      || (reading->permissions == KMS_PERMISSIONS_WARN && layer != KMS_LAYER_USER)
      || check_permissions (path, info, is_null, &error))
    return TRUE;
  if (reading->permissions == KMS_PERMISSIONS_WARN)
    {
      _kms_config_info_warn (self, "%s", error->message);
      g_error_free (error);
      return TRUE;
    }
  _kms_config_info_fail (self, KMS_STATE_REFUSED_PERMISSIONS, error);
  return FALSE;
}

/* Without O_NONBLOCK a FIFO would wait for somebody to write. */
int
_kms_config_file_open (const char *path)
{
  return open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

gboolean
_kms_config_file_is_passing (int saved_errno)
{
  return saved_errno == EMFILE || saved_errno == ENFILE || saved_errno == ENOMEM || saved_errno == EINTR;
}

/* The descriptor is looked at, not the path: nobody can swap the file between the look and the reading. */
void
_kms_config_file_merge (KmsConfigReading *reading, KmsConfigInfo *self, const char *path, KmsLayer layer, int fd,
                        int saved_errno)
{
  char *kept = g_strdup (path);
  struct stat info;

  g_ptr_array_insert (self->files, (int) self->files->len - 1, kept);
  if (fd < 0 || fstat (fd, &info) != 0)
    {
      _kms_config_stamps_add_path (reading->stamps, path, &info);
      _kms_config_info_fail (
        self, KMS_STATE_CONFIG_ERROR,
        g_error_new (KMS_ERROR, KMS_ERROR_CONFIG, "%s: can't be opened: %s", path, g_strerror (saved_errno)));
    }
  else
    {
      gboolean is_null = is_dev_null (&info);
      _kms_config_stamps_add (reading->stamps, path, &info);
      if (!judge_permissions (reading, self, kept, layer, &info, is_null))
        g_debug ("%s is not read", path);
      else if (is_null || (S_ISREG (info.st_mode) && info.st_size == 0))
        mask (self, kept);
      else
        merge_descriptor (self, fd, kept, &info);
    }
  if (fd >= 0)
    close (fd);
}

guint
_kms_config_file_find_line (const char *path, const char *group, const char *key)
{
  g_autofree char *text = NULL;
  g_autofree char *header = g_strdup_printf ("[%s]", group);
  gboolean in_group = FALSE;
  guint found = 0;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return 0;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_strstrip (lines[i]);
      if (lines[i][0] == '[')
        in_group = strcmp (lines[i], header) == 0;
      char *equals = strchr (lines[i], '=');
      if (!in_group || equals == NULL || lines[i][0] == '#')
        continue;
      *equals = '\0';
      if (strcmp (g_strchomp (lines[i]), key) == 0)
        found = i + 1;
    }
  return found;
}
