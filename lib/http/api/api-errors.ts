/** The errors that calls of the API answer with: status, who must act, meaning. An operation's row names its own. */
import type { ErrorClass } from '../../errors.js'

type Row = readonly [status: number, whoActs: ErrorClass, meaning: string]

/** Every call can have them. */
export const commonErrors = {
  unauthorized: [401, 'permanent', 'The API key is missing, malformed, expired or unknown.'],
  forbidden: [403, 'permanent', 'This call needs another role.'],
  not_found: [404, 'permanent', 'It does not exist, or it belongs to another tenant.'],
  invalid_input: [
    400,
    'permanent',
    'A field or parameter is invalid; `problems` names each one with its limit and the fix.',
  ],
  too_many_requests: [429, 'transient', 'This tenant exceeded a limit per minute; Retry-After says when to retry.'],
  unexpected: [500, 'transient', 'The gateway has an internal error; quote the request id.'],
  storage_unavailable: [503, 'transient', "The gateway's storage does not respond."],
  vault_unavailable: [503, 'transient', 'Key Vault does not respond.'],
} as const satisfies Record<string, Row>

/** Calls with a body can have these besides. */
export const bodyErrors: readonly (readonly [code: string, ...Row])[] = [
  ['length_required', 411, 'permanent', 'The request has a body but no Content-Length.'],
  ['invalid_input', 413, 'permanent', 'The body is larger than the limit.'],
  ['invalid_input', 415, 'permanent', 'The body is not JSON.'],
]

/** Named by the rows of operations; another one does not compile there. */
export const ownErrors = {
  binding_mismatch: [403, 'permanent', 'Another session started the sign-in.'],
  changed_meanwhile: [409, 'permanent', 'Somebody changed it at the same time.'],
  confirmation_running: [409, 'permanent', 'A confirmation is in progress; read the sign-in again in a few seconds.'],
  connection_in_use: [409, 'permanent', 'A mailbox uses the connection.'],
  connection_unused: [409, 'permanent', 'No mailbox uses the connection.'],
  forbidden_confirmation: [403, 'permanent', 'Only an administrator may create such a link.'],
  forbidden_role: [403, 'permanent', 'Only an operator can create such a key.'],
  from_not_allowed: [422, 'permanent', 'The mailbox may not send as this address.'],
  headers_name_others: [
    422,
    'permanent',
    'The raw mail names people in To or Cc who are not among its recipients, and the mailbox sends by Microsoft 365.',
  ],
  idempotency_conflict: [409, 'permanent', 'The key was already used with different content.'],
  key_in_use: [409, 'permanent', 'The call itself uses this key.'],
  mail_content_gone: [409, 'permanent', 'The content of the mail is no longer kept.'],
  mail_not_divisible: [
    422,
    'permanent',
    'Microsoft 365 accepts this mail only in parts, and it cannot be split without loss.',
  ],
  mail_not_kept: [
    404,
    'permanent',
    'The gateway no longer has the bytes of this mail; the answer says how to get them.',
  ],
  mail_server_test_failed: [
    422,
    'permanent',
    'A mail server was not reached, or refuses the account; `problems` says which field, what was found and the fix. Nothing was stored.',
  ],
  mail_too_complex: [422, 'permanent', 'The mail exceeds a structural limit, which the answer names.'],
  mail_too_large: [413, 'permanent', 'The mail is larger than the limit.'],
  mailbox_busy: [409, 'transient', 'The mailbox is sending other mail right now.'],
  mailbox_exists: [409, 'permanent', 'The address is already connected.'],
  mailbox_held: [409, 'permanent', 'Another mailbox holds the address.'],
  mailbox_in_use: [409, 'permanent', 'The mailbox still has mail that has not been sent.'],
  mailbox_is_default: [409, 'permanent', "The mailbox is the tenant's default mailbox."],
  mailbox_key_taken: [409, 'permanent', 'Another mailbox has the key.'],
  mailbox_without_sign_in: [409, 'permanent', 'The mailbox uses a relay without sign-in.'],
  mailbox_name_taken: [409, 'permanent', 'Another mailbox has the name.'],
  mailbox_unused: [409, 'permanent', 'The mailbox neither receives nor sends.'],
  no_mail_server: [422, 'permanent', 'No mailbox can send this mail.'],
  no_registration: [409, 'needs-admin', 'There is no app registration for this provider.'],
  own_registration_needed: [409, 'permanent', "This needs an app registration of the tenant's own."],
  password_not_used: [409, 'permanent', 'The connection does not sign in with a password.'],
  registration_in_use: [409, 'permanent', 'Connected mailboxes use the registration.'],
  registration_without_secret: [409, 'permanent', 'The registration has neither a client secret nor a certificate.'],
  operators_only: [403, 'permanent', "Only operators may use the gateway's own managed identity."],
  registration_secret_refused: [422, 'permanent', 'The identity provider refuses this credential.'],
  result_code_invalid: [403, 'permanent', 'The result code is wrong.'],
  return_url_not_registered: [400, 'permanent', 'The return URL is not registered.'],
  server_needs_sign_in: [409, 'permanent', 'The mailbox owner has not signed in to this server.'],
  settings_refused: [400, 'permanent', 'A setting is unknown or out of bounds.'],
  sign_in_needed: [409, 'permanent', 'The connection belongs to a person and cannot open another mailbox.'],
  sign_in_not_ready: [409, 'permanent', 'There is nothing to confirm.'],
  sign_in_used: [409, 'permanent', 'The sign-in is already confirmed.'],
  subjects_not_kept: [409, 'permanent', 'This deployment does not keep subjects.'],
  tenant_exists: [409, 'permanent', 'The id is in use, or belonged to a tenant that has been removed.'],
  wrong_state: [409, 'permanent', 'The state of the mail does not allow it.'],
} as const satisfies Record<string, Row>

export type ApiErrorCode = keyof typeof ownErrors | keyof typeof commonErrors
