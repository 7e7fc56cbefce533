import { codesOfPeers, type PeerWordKey } from './codes-of-peers.js'

/** Which words belong to an error that people meet on the way from link to mailbox; the same in every language. */
export const wordsOfCode = {
  link_unknown: 'linkUnknown',
  link_expired: 'linkExpired',
  sign_in_used: 'linkUsed',
  sign_in_running: 'running',
  sign_in_open: 'notSignedIn',
  sign_in_cancelled: 'cancelled',
  sign_in_rejected: 'rejected',
  flow_expired: 'tookTooLong',
  state_mismatch: 'lostTrack',
  other_tab: 'otherTab',
  issuer_mismatch: 'lostTrack',
  form_expired: 'pageOutOfDate',
  too_many_attempts: 'tooManyAttempts',
  mailbox_mismatch: 'otherAccount',
  guest_account: 'guestAccount',
  work_account_needed: 'workAccountNeeded',
  delegate_without_access: 'noAccess',
  mailbox_exists: 'alreadyConnected',
  mailbox_held: 'heldElsewhere',
  mailbox_name_taken: 'nameTaken',
  way_not_allowed: 'otherWay',
  server_change_not_allowed: 'serversOfBefore',
  address_not_proven: 'notProven',
  consent_not_shown: 'consentNotShown',
  other_directory: 'otherOrganisation',
  confirmation_running: 'running',
  directory_unknown: 'busy',
  invalid_input: 'badInput',
  server_unreachable: 'unreachable',
  imap_authenticationfailed: 'wrongPassword',
  imap_login_refused: 'wrongPassword',
  smtp_535: 'wrongPassword',
  smtp_esc_5_7_8: 'wrongPassword',
  gmail_smtp_esc_5_7_8: 'wrongPassword',
  gmail_imap_invalid_credentials_failure: 'wrongPassword',
  exo_smtp_esc_5_7_139_user_credentials_were_incorrect: 'wrongPassword',
  gmail_smtp_esc_5_7_9_application_specific_password: 'appPassword',
  gmail_imap_application_specific_password_required: 'appPassword',
  gmail_smtp_esc_5_7_14: 'inBrowserFirst',
  gmail_imap_please_log_in_via_your_web_browser: 'inBrowserFirst',
  imap_expired: 'renewPassword',
  smtp_esc_4_7_12: 'renewPassword',
  reading_awaits_approval: 'awaitsApproval',
  scopes_missing: 'permissionsMissing',
  token_scope_missing: 'permissionsMissing',
  imap_token_scope: 'setUp',
  smtp_token_scope: 'setUp',
  wrong_token_audience: 'setUp',
  registration_without_secret: 'setUp',
  registration_key_unreadable: 'setUp',
  registration_secret_missing: 'setUp',
  own_identity_missing: 'setUp',
  own_identity_unavailable: 'busy',
  id_token_invalid: 'lostTrack',
  imap_login_not_offered: 'noLogin',
  starttls_not_offered: 'notEncrypted',
  token_needs_tls: 'notEncrypted',
  imap_privacyrequired: 'notEncrypted',
  smtp_530_starttls: 'notEncrypted',
  smtp_538: 'notEncrypted',
  tls_untrusted: 'badCertificate',
  net_cert_has_expired: 'badCertificate',
  net_depth_zero_self_signed_cert: 'badCertificate',
  net_self_signed_cert_in_chain: 'badCertificate',
  net_unable_to_get_issuer_cert_locally: 'badCertificate',
  net_err_tls_cert_altname_invalid: 'badCertificate',
  graph_mailboxnotenabledforrestapi: 'noMailbox',
  no_registration: 'notSetUpYet',
  unexpected: 'ourFault',
  no_refresh_token: 'noLastingAccess',
  aadsts_65004: 'declined',
  oauth_access_denied: 'declined',
  oauth_access_denied_cancel: 'turnedBack',
  aadsts_65001: 'approval',
  aadsts_90094: 'approval',
  aadsts_90095: 'requested',
  aadsts_90099: 'approval',
  aadsts_900941: 'approval',
  aadsts_700011: 'approval',
  aadsts_7000229: 'approval',
  oauth_sub_consent_required: 'approval',
  oauth_consent_required: 'approval',
  aadsts_50105: 'notAssigned',
  aadsts_53000: 'blocked',
  aadsts_53001: 'blocked',
  aadsts_53002: 'blocked',
  aadsts_53003: 'blocked',
  aadsts_50072: 'secondFactor',
  aadsts_50074: 'secondFactor',
  aadsts_50076: 'secondFactor',
  aadsts_50079: 'secondFactor',
  oauth_interaction_required: 'secondFactor',
  oauth_server_error: 'busy',
  oauth_temporarily_unavailable: 'busy',
  oauth_invalid_client: 'setUp',
  oauth_unauthorized_client: 'setUp',
  oauth_invalid_request: 'setUp',
  oauth_invalid_scope: 'setUp',
  oauth_server_unpublished: 'notWholeYet',
  oauth_server_mismatch: 'notWholeYet',
  oauth_endpoint_refused: 'notWholeYet',
  registration_incomplete: 'notWholeYet',
  mail_servers_unknown: 'notWholeYet',
  mail_servers_not_named: 'notWholeYet',
  aadsts_700016: 'setUp',
  aadsts_7000215: 'setUp',
  aadsts_7000222: 'setUp',
  aadsts_501481: 'mixedUp',
} as const

export type WordKey = (typeof wordsOfCode)[keyof typeof wordsOfCode] | PeerWordKey

/** What a sentence names: addresses, hosts. */
export type Values = Readonly<Record<string, string>>
export type Sentence = string | ((values: Values) => string)

/** Left out: the error's own English text says it. Other languages leave nothing out. */
export interface PlainWords {
  heading: string
  description?: Sentence
  remedy?: Sentence
}

export const wordKeyOf = (code: string): WordKey | undefined =>
  Object.hasOwn(wordsOfCode, code) ? wordsOfCode[code as keyof typeof wordsOfCode] : codesOfPeers.get(code)

/** Temporary: the gateway retries what is connected; a person on the way to it tries again. */
export const isPassing = (code: string): boolean =>
  ['awayForNow', 'slowedDown', 'dailyLimit', 'busy'].includes(wordKeyOf(code) ?? '')

/** Refusals that another attempt of the same person cannot lift. */
export const isHopeless = (code: string): boolean =>
  [
    'approval',
    'requested',
    'notAssigned',
    'blocked',
    'setUp',
    'notWholeYet',
    'noLastingAccess',
    'notSetUpYet',
    'alreadyConnected',
    'heldElsewhere',
    'tooManyAttempts',
    'appSetUp',
    'redirect',
    'accountOff',
    'appOff',
    'noMailService',
  ].includes(wordKeyOf(code) ?? '')
