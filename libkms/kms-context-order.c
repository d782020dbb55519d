/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order of a context's pairs, which is not the order of their names: kms_encrypted sorts by what Ruby's inspect
 * makes of [name, value]. So strings go before symbols, and punctuation sorts otherwise in each. */
#include "kms-context-private.h"

#include "kms-error.h"

/* What rb_enc_isprint() takes for printable in UTF-8, as measured with Ruby 3.1: U+0085 is, the line separators are
 * not. Characters newer than that Ruby's Unicode (13) may differ there. */
static gboolean
is_printable (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:
      return c == 0x85;
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
      return FALSE;
    default:
      return TRUE;
    }
}

static void
append_character (GString *out, gunichar c, const char *next, const char *end, gboolean is_unicode)
{
  static const char named[] = "\n\r\t\f\v\b\a\033";
  static const char letters[] = "nrtfvbae";
  const char *found = c != 0 && c < 0x80 ? strchr (named, (int) c) : NULL;

  if (found != NULL)
    g_string_append_printf (out, "\\%c", letters[found - named]);
  else if (c == '"' || c == '\\' || (c == '#' && next < end && strchr ("$@{", *next) != NULL && *next != '\0'))
    g_string_append_printf (out, "\\%c", (char) c);
  else if (is_printable (c))
    g_string_append_unichar (out, c);
  else
    g_string_append_printf (out, !is_unicode ? "\\x%02X" : c < 0x10000 ? "\\u%04X" : "\\u{%X}", c);
}

/* String#inspect. The text is valid UTF-8, but may hold NUL. */
static void
append_inspect (GString *out, const char *text, gsize length, gboolean is_unicode)
{
  const char *end = text + length;

  g_string_append_c (out, '"');
  while (text < end)
    {
      gunichar c = g_utf8_get_char (text);
      text = g_utf8_next_char (text);
      append_character (out, c, text, end, is_unicode);
    }
  g_string_append_c (out, '"');
}

static gboolean
is_ascii (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if ((guint8) text[i] >= 0x80)
      return FALSE;
  return TRUE;
}

static gboolean
is_identifier_byte (char c)
{
  return g_ascii_isalnum (c) || c == '_' || (guint8) c >= 0x80;
}

static gsize
skip_identifier (const char *text, gsize length)
{
  gsize i = 0;

  if (length == 0 || g_ascii_isdigit (text[0]))
    return 0;
  while (i < length && is_identifier_byte (text[i]))
    i++;
  return i;
}

/* is_special_global_name(): what may stand behind a "$" besides an identifier. */
static gboolean
is_special_global (const char *text, gsize length)
{
  if (length == 1)
    return text[0] != '\0' && strchr ("~*$?!@/\\;,.=:<>\"&`'+0123456789_", text[0]) != NULL;
  if (length > 1 && text[0] == '-')
    return is_identifier_byte (text[1]) && (gsize) (g_utf8_next_char (text + 1) - text) == length;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isdigit (text[i]))
      return FALSE;
  return length > 0 && text[0] != '0';
}

static gboolean
is_operator (const char *text, gsize length)
{
  static const char *const operators[] = { "|",  "^",   "&",  "<",   "<=", "<=>", "<<", ">", ">=", ">>",
                                           "==", "===", "=~", "*",   "**", "+",   "+@", "-", "-@", "~",
                                           "/",  "%",   "[]", "[]=", "!",  "!=",  "!~", "`" };

  for (guint i = 0; i < G_N_ELEMENTS (operators); i++)
    if (strlen (operators[i]) == length && memcmp (operators[i], text, length) == 0)
      return TRUE;
  return FALSE;
}

/* How many characters before the identifier tell what kind of variable it is. */
static gsize
count_sigil (const char *text, gsize length)
{
  if (text[0] == '$')
    return 1;
  if (text[0] != '@')
    return 0;
  return length > 1 && text[1] == '@' ? 2 : 1;
}

/* One of Ruby's oddities: what is no name at all is one for assignment with "=" behind it, and no longer with "==".
 * Any number of them is taken off, until something is left that needs none. */
static gboolean
is_odd_assignment (const char *text, gsize length)
{
  guint n_equals = 0;

  for (; length > 1 && text[length - 1] == '='; length--, n_equals++)
    if (text[0] == '$' && is_special_global (text + 1, length - 1))
      break;
  return n_equals % 2 == 1;
}

/* rb_enc_symname_type() of Ruby's symbol.c. */
static gboolean
is_symbol_name (const char *text, gsize length)
{
  if (is_operator (text, length) || (text[0] == '$' && is_special_global (text + 1, length - 1)))
    return TRUE;
  if (strchr ("<>=*+-|^&/%~`!", text[0]) != NULL || (length > 1 && text[0] == '[' && text[1] == ']'))
    return FALSE;

  gsize sigil = count_sigil (text, length);
  gsize used = sigil + skip_identifier (text + sigil, length - sigil);
  if (used == sigil)
    return is_odd_assignment (text, length);
  if (used == length)
    return TRUE;
  return sigil == 0 && used + 1 == length && text[used] != '\0' && strchr ("?!=", text[used]) != NULL;
}

static gboolean
all_printable (const char *text, gsize length)
{
  for (const char *c = text; c < text + length; c = g_utf8_next_char (c))
    if (!is_printable (g_utf8_get_char (c)))
      return FALSE;
  return TRUE;
}

static gboolean
is_simple_symbol (const char *text, gsize length)
{
  return length > 0 && memchr (text, '\0', length) == NULL && all_printable (text, length)
         && is_symbol_name (text, length);
}

/* The beginning of [name, value].inspect, up to and with the comma: no two names have the same. */
static char *
inspect_name (const KmsPair *pair, KmsNameKind kind)
{
  GString *out = g_string_new (NULL);

  if (kind == KMS_NAME_KIND_SYMBOL)
    g_string_append_c (out, ':');
  if (kind == KMS_NAME_KIND_SYMBOL && is_simple_symbol (pair->name, pair->name_length))
    g_string_append_len (out, pair->name, pair->name_length);
  else
    /* Symbols of ASCII characters are not of UTF-8 in Ruby, which shows in their escapes. */
    append_inspect (out, pair->name, pair->name_length,
                    kind != KMS_NAME_KIND_SYMBOL || !is_ascii (pair->name, pair->name_length));
  g_string_append_c (out, ',');
  return g_string_free (out, FALSE);
}

static gboolean
same_name (const KmsPair *a, const KmsPair *b)
{
  return a->name_length == b->name_length && memcmp (a->name, b->name, a->name_length) == 0;
}

static int
compare_names (const KmsPair *a, const KmsPair *b)
{
  if (a->kind != b->kind)
    return a->kind == KMS_NAME_KIND_SYMBOL ? 1 : -1;
  /* Mostly the first bytes tell, and then memcmp() is not worth its call; an empty name has a NUL there. */
  if (a->name[0] != b->name[0])
    return (guint8) a->name[0] < (guint8) b->name[0] ? -1 : 1;
  int order = memcmp (a->name, b->name, MIN (a->name_length, b->name_length));
  return order != 0 ? order : (int) a->name_length - (int) b->name_length;
}

static guint
refuse_twice (const KmsPair *pair, GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "the context has the name \"%s\" twice", pair->name);
  return 0;
}

/* A string and a symbol of one name stand apart in the order, but become one. */
static guint
collapse (const KmsPair *pairs, KmsPairPlace *sorted, guint n)
{
  guint n_left = 0;

  for (guint i = 0; i < n; i++)
    {
      guint earlier = 0;
      while (earlier < n_left && !same_name (&pairs[sorted[earlier].name], &pairs[sorted[i].name]))
        earlier++;
      if (earlier < n_left)
        sorted[earlier].value = sorted[i].value;
      else
        sorted[n_left++] = sorted[i];
    }
  return n_left;
}

/* Identifiers of one kind, the usual case: plain order of bytes. */
static guint
sort_plain (const KmsPair *pairs, guint n, KmsPairPlace *sorted, GError **error)
{
  gboolean mixed = FALSE;

  for (guint i = 0; i < n; i++)
    {
      guint place = i;
      for (; place > 0; place--)
        {
          int order = compare_names (&pairs[sorted[place - 1].name], &pairs[i]);
          if (order == 0)
            return refuse_twice (&pairs[i], error);
          if (order < 0)
            break;
          sorted[place] = sorted[place - 1];
        }
      sorted[place] = (KmsPairPlace){ (guint16) i, (guint16) i };
      mixed = mixed || pairs[i].kind != pairs[0].kind;
    }
  return mixed ? collapse (pairs, sorted, n) : n;
}

static int
compare_inspected (gconstpointer a, gconstpointer b, gpointer inspected)
{
  return strcmp (((char **) inspected)[((const KmsPairPlace *) a)->name],
                 ((char **) inspected)[((const KmsPairPlace *) b)->name]);
}

/* Unmarked names taken for `unmarked`. */
static guint
sort_inspected (const KmsPair *pairs, guint n, KmsNameKind unmarked, KmsPairPlace *sorted, GError **error)
{
  g_autoptr (GPtrArray) inspected = g_ptr_array_new_with_free_func (g_free);
  gboolean kinds[KMS_NAME_KIND_SYMBOL + 1] = { FALSE };

  for (guint i = 0; i < n; i++)
    {
      KmsNameKind kind = pairs[i].kind == KMS_NAME_KIND_UNMARKED ? unmarked : pairs[i].kind;
      kinds[kind] = TRUE;
      g_ptr_array_add (inspected, inspect_name (&pairs[i], kind));
      sorted[i] = (KmsPairPlace){ (guint16) i, (guint16) i };
    }
  g_qsort_with_data (sorted, (gint) n, sizeof *sorted, compare_inspected, inspected->pdata);
  for (guint i = 1; i < n; i++)
    if (compare_inspected (&sorted[i - 1], &sorted[i], inspected->pdata) == 0)
      return refuse_twice (&pairs[sorted[i].name], error);
  return kinds[KMS_NAME_KIND_STRING] && kinds[KMS_NAME_KIND_SYMBOL] ? collapse (pairs, sorted, n) : n;
}

guint
_kms_context_sort (const KmsPair *pairs, guint n_pairs, gboolean plain_names, KmsPairPlace *sorted, GError **error)
{
  gboolean any_unmarked = FALSE, any_marked = FALSE;

  for (guint i = 0; i < n_pairs; i++)
    if (pairs[i].kind == KMS_NAME_KIND_UNMARKED)
      any_unmarked = TRUE;
    else
      any_marked = TRUE;
  if (n_pairs == 1 || (plain_names && !(any_unmarked && any_marked)))
    return sort_plain (pairs, n_pairs, sorted, error);

  guint n_sorted = sort_inspected (pairs, n_pairs, KMS_NAME_KIND_STRING, sorted, error);
  if (n_sorted == 0 || !any_unmarked)
    return n_sorted;
  g_autofree KmsPairPlace *as_symbols = g_new (KmsPairPlace, n_pairs);
  guint n_symbols = sort_inspected (pairs, n_pairs, KMS_NAME_KIND_SYMBOL, as_symbols, NULL);
  if (n_symbols == n_sorted && memcmp (as_symbols, sorted, n_sorted * sizeof *sorted) == 0)
    return n_sorted;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                       "the order of the context's names depends on whether they were strings or symbols in Ruby; "
                       "mark each: \"name\" for a string, :name for a symbol");
  return 0;
}
