/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The smallest provider on the HTTP base class: kms-echo.so, for tests of that class. Its "service" gives back what it
 * gets:
 *
 *   POST /encrypt/KEY, /decrypt/KEY  {"items":["BASE64",…]} → the same
 *   POST /login                      → {"token":"…","ttl":SECONDS}, with Login=true; the token is sent as X-Token
 *   POST /logout                     at the end, with Login=true
 *   GET /keys/asks-itself            with that key id: from the thread that must not wait
 *   POST /rotate/KEY                 which must not be repeated; GET /keys/KEY
 *   POST /two-steps/KEY              with the key id "two-steps": asked before the real request */
#include <kms-http.h>

#define ECHO_TYPE_PROVIDER (echo_provider_get_type ())
G_DECLARE_FINAL_TYPE (EchoProvider, echo_provider, ECHO, PROVIDER, KmsHttpProvider)

struct _EchoProvider
{
  KmsHttpProvider parent_instance;
};

static void echo_key_admin_init (KmsKeyAdminInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (EchoProvider, echo_provider, KMS_HTTP_TYPE_PROVIDER,
                               G_IMPLEMENT_INTERFACE (KMS_TYPE_KEY_ADMIN, echo_key_admin_init))

static void
set_url (KmsHttpProvider *self, KmsHttpRequest *request, const char *what, const char *key)
{
  const char *address = kms_provider_get_setting_string (KMS_PROVIDER (self), "Address");
  g_autofree char *url = g_strconcat (g_str_has_prefix (address, "unix://") ? "http://localhost" : address, "/", what,
                                      key != NULL ? "/" : "", key, NULL);
  kms_http_request_set_url (request, url);
}

static void
add_token (KmsHttpRequest *request, KmsHttpCredentials *credentials)
{
  if (credentials != NULL)
    kms_http_request_add_header (request, "X-Token", kms_http_credentials_get_data (credentials));
}

static gboolean
prepare_show (KmsHttpProvider *self, KmsHttpCredentials *credentials, KmsHttpRequest *request, gpointer data,
              GError **error)
{
  set_url (self, request, "keys", data);
  kms_http_request_set_method (request, "GET");
  return TRUE;
}

static KmsHttpVerdict
parse_admin (KmsHttpProvider *self, KmsHttpResponse *response, gpointer data, GError **error)
{
  if (kms_http_response_get_status (response) == 200)
    return KMS_HTTP_DONE;
  return kms_http_provider_judge_status (self, kms_http_response_get_status (response), NULL, NULL, error);
}

static gboolean
echo_prepare (KmsHttpProvider *self, KmsCall *call, KmsHttpCredentials *credentials, KmsHttpRequest *request,
              GError **error)
{
  KmsHttpBuffer *body = kms_http_request_get_body (request);
  const char *key = kms_item_get_key_id (kms_call_get_item (call, 0));
  gboolean first_step = strcmp (key, "two-steps") == 0 && kms_http_request_get_state (request) == NULL;

  if (strcmp (key, "asks-itself") == 0
      && !kms_http_provider_send (self, prepare_show, parse_admin, (gpointer) key, KMS_HTTP_SEND_DEFAULT, NULL, error))
    return FALSE;
  set_url (self, request,
           first_step ? "two-steps" : (kms_call_get_operation (call) == KMS_OPERATION_ENCRYPT ? "encrypt" : "decrypt"),
           key);
  add_token (request, credentials);
  kms_http_buffer_append_text (body, "{\"items\":[");
  for (guint i = 0; i < kms_call_get_n_items (call); i++)
    {
      gsize length;
      const guint8 *input = kms_item_get_input (kms_call_get_item (call, i), &length);
      kms_http_buffer_append_text (body, i > 0 ? ",\"" : "\"");
      kms_http_buffer_append_base64 (body, input, length);
      kms_http_buffer_append_text (body, "\"");
    }
  kms_http_buffer_append_text (body, "]}");
  return TRUE;
}

static void
settle (KmsItem *item, const char *text, gsize length)
{
  guint8 *out = kms_item_reserve (item, kms_base64_decoded_max (length));
  gsize out_length;

  if (out == NULL)
    return;
  if (kms_base64_decode_strict_to (text, length, out, &out_length))
    kms_item_commit (item, out_length);
  else
    kms_item_fail (item, KMS_ERROR_INTEGRITY, "the answer holds no base64");
}

static gboolean
read_items (KmsHttpJson *json, KmsCall *call)
{
  const char *name, *text;
  gsize length;
  guint n = 0;

  kms_http_json_enter_object (json);
  while (kms_http_json_next_member (json, &name))
    {
      if (strcmp (name, "items") != 0)
        continue;
      kms_http_json_enter_array (json);
      while (kms_http_json_next_element (json) && kms_http_json_read_string (json, &text, &length)
             && n < kms_call_get_n_items (call))
        settle (kms_call_get_item (call, n++), text, length);
    }
  return kms_http_json_finish (json) && n == kms_call_get_n_items (call);
}

static KmsHttpVerdict
echo_parse (KmsHttpProvider *self, KmsCall *call, KmsHttpResponse *response, GError **error)
{
  const char *key = kms_item_get_key_id (kms_call_get_item (call, 0));
  KmsHttpJson json;
  gsize length;
  guint8 *body = kms_http_response_get_body (response, &length);

  if (kms_http_response_get_status (response) != 200)
    return kms_http_provider_judge_status (self, kms_http_response_get_status (response), NULL,
                                           kms_http_response_get_header (response, "X-Request-Id"), error);
  if (strcmp (key, "for-ever") == 0)
    return KMS_HTTP_AGAIN;
  if (strcmp (key, "two-steps") == 0 && kms_http_response_get_state (response) == NULL)
    {
      kms_http_request_set_state (kms_http_response_get_request (response), g_strdup ("second"), g_free);
      return KMS_HTTP_AGAIN;
    }
  kms_http_json_init (&json, body, length);
  if (read_items (&json, call))
    return KMS_HTTP_DONE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY, "the answer is not what was asked for");
  return KMS_HTTP_FAILED;
}

typedef struct
{
  const char *reason;
  char *token;
  gint64 ttl;
} EchoLogin;

static gboolean
prepare_login (KmsHttpProvider *self, KmsHttpCredentials *credentials, KmsHttpRequest *request, gpointer data,
               GError **error)
{
  EchoLogin *login = data;

  set_url (self, request, "login", NULL);
  kms_http_request_add_header (request, "X-Reason", login->reason);
  return TRUE;
}

static KmsHttpVerdict
parse_login (KmsHttpProvider *self, KmsHttpResponse *response, gpointer data, GError **error)
{
  EchoLogin *login = data;
  KmsHttpJson json;
  const char *name, *text;
  gsize length;
  guint8 *body = kms_http_response_get_body (response, &length);

  if (kms_http_response_get_status (response) != 200)
    return kms_http_provider_judge_status (self, kms_http_response_get_status (response), NULL, NULL, error);
  kms_http_json_init (&json, body, length);
  kms_http_json_enter_object (&json);
  while (kms_http_json_next_member (&json, &name))
    if (strcmp (name, "token") == 0 && kms_http_json_read_string (&json, &text, NULL))
      login->token = g_strdup (text);
    else if (strcmp (name, "ttl") == 0)
      kms_http_json_read_integer (&json, &login->ttl);
  return KMS_HTTP_DONE;
}

static KmsHttpCredentials *
echo_obtain_credentials (KmsHttpProvider *self, KmsHttpCredentials *current, gboolean refused,
                         GCancellable *cancellable, GError **error)
{
  EchoLogin login = { .reason = current == NULL ? "first" : (refused ? "refused" : "expired") };

  if (!kms_provider_get_setting_boolean (KMS_PROVIDER (self), "Login"))
    return kms_http_credentials_new (g_strdup ("none"), g_free);
  if (!kms_http_provider_send (self, prepare_login, parse_login, &login, KMS_HTTP_SEND_ANONYMOUS, cancellable, error))
    return NULL;
  KmsHttpCredentials *credentials = kms_http_credentials_new (login.token, g_free);
  kms_http_credentials_set_lifetime (credentials, login.ttl);
  return credentials;
}

static gboolean
echo_prepare_farewell (KmsHttpProvider *self, KmsHttpCredentials *credentials, KmsHttpRequest *request)
{
  if (!kms_provider_get_setting_boolean (KMS_PROVIDER (self), "Login"))
    return FALSE;
  set_url (self, request, "logout", NULL);
  add_token (request, credentials);
  return TRUE;
}

static gboolean
prepare_rotate (KmsHttpProvider *self, KmsHttpCredentials *credentials, KmsHttpRequest *request, gpointer data,
                GError **error)
{
  set_url (self, request, "rotate", data);
  kms_http_request_set_repeatable (request, FALSE);
  return TRUE;
}

static KmsKey *
echo_rotate_key (KmsKeyAdmin *admin, const char *key_id, GVariant *options, GCancellable *cancellable, GError **error)
{
  if (!kms_http_provider_send (KMS_HTTP_PROVIDER (admin), prepare_rotate, parse_admin, (gpointer) key_id,
                               KMS_HTTP_SEND_DEFAULT, cancellable, error))
    return NULL;
  return kms_key_new (key_id, KMS_KEY_STATE_ENABLED);
}

static KmsKey *
echo_show_key (KmsKeyAdmin *admin, const char *key_id, GVariant *options, GCancellable *cancellable, GError **error)
{
  if (!kms_http_provider_send (KMS_HTTP_PROVIDER (admin), prepare_show, parse_admin, (gpointer) key_id,
                               KMS_HTTP_SEND_DEFAULT, cancellable, error))
    return NULL;
  return kms_key_new (key_id, KMS_KEY_STATE_ENABLED);
}

static void
echo_key_admin_init (KmsKeyAdminInterface *iface)
{
  iface->rotate_key = echo_rotate_key;
  iface->show_key = echo_show_key;
}

static gboolean
echo_open (KmsProvider *provider, GError **error)
{
  const char *address = kms_provider_get_setting_string (provider, "Address");

  if (g_str_has_prefix (address, "unix://"))
    kms_http_provider_set_unix_socket (KMS_HTTP_PROVIDER (provider), address + strlen ("unix://"));
  kms_http_provider_set_option (KMS_HTTP_PROVIDER (provider), KMS_HTTP_OPTION_RESPONSE_SIZE, 1024 * 1024);
  kms_provider_set_limit (provider, KMS_LIMIT_ITEMS, 1000);
  kms_provider_set_binding (provider, KMS_BINDING_IGNORED);
  return KMS_PROVIDER_CLASS (echo_provider_parent_class)->open (provider, error);
}

static void
echo_provider_class_init (EchoProviderClass *klass)
{
  KmsProviderClass *provider_class = KMS_PROVIDER_CLASS (klass);
  KmsHttpProviderClass *http_class = KMS_HTTP_PROVIDER_CLASS (klass);

  provider_class->open = echo_open;
  http_class->prepare = echo_prepare;
  http_class->parse = echo_parse;
  http_class->obtain_credentials = echo_obtain_credentials;
  http_class->prepare_farewell = echo_prepare_farewell;
  kms_provider_class_add_setting (provider_class, "Address", KMS_SETTING_STRING, "http://127.0.0.1:1", NULL,
                                  "where the service is");
  kms_provider_class_add_setting (provider_class, "Login", KMS_SETTING_BOOLEAN, "false", NULL,
                                  "whether it wants tokens");
  kms_http_provider_class_add_tls_settings (http_class);
}

static void
echo_provider_init (EchoProvider *self)
{
  kms_provider_set_capabilities (KMS_PROVIDER (self),
                                 KMS_CAPABILITY_ENCRYPT | KMS_CAPABILITY_DECRYPT | KMS_CAPABILITY_ONE_KEY);
}

KMS_MODULE_DEFINE (.flags = KMS_MODULE_NETWORK, .id = "echo", .type_name = "EchoProvider",
                   .get_type = echo_provider_get_type, .version = "1", .license = "LGPL-2.1-or-later",
                   .origin = "the tests");
