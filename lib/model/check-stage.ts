/** How far a test of a mailbox got before it failed, derived from the code of the failure alone. */
export const checkStages = ['dns', 'connect', 'tls', 'greeting', 'sign-in', 'folder', 'send-right'] as const

export type CheckStage = (typeof checkStages)[number]

/**
 * The first that matches counts. A server that is silent or hangs up gives no better answer than `connect`. Codes of
 * SMTP that are about the sender stand before those about the sign-in, and what a server says of itself comes last.
 */
const rules: readonly (readonly [RegExp, CheckStage])[] = [
  [/^net_(enotfound|eai_again)$/, 'dns'],
  [
    /^(net_(cert|depth|self_signed|unable_to|err_tls|wrong_version|eproto)|tls_|starttls_|plain_text_|token_needs_tls$)/,
    'tls',
  ],
  [/^(smtp_530_starttls|smtp_538|imap_privacyrequired)$/, 'tls'],
  [/^net_answer_/, 'greeting'],
  [/^(net_|host_not_allowed$|stopped$)/, 'connect'],

  [/^imap_(greeting_|bye$|unreadable_reply$|answer_too_large$|preauth$)/, 'greeting'],
  [/^(exo_imap_(bye|connection|server|command)|mail_server_too_slow$)/, 'greeting'],
  [/^(exo|gmail)_imap_(?!user_is_authenticated|bad_command)/, 'sign-in'],
  [/^imap_(authenticationfailed|authorizationfailed|expired|contactadmin|unavailable|serverbug|limit)$/, 'sign-in'],
  [/^imap_(login_refused|login_not_offered|needs_login|token_refused|token_scope)$/, 'sign-in'],
  [/^(exo_|gmail_)?imap_|^(invalid_folder|folder_missing|no_sent_folder|uidvalidity_changed)$/, 'folder'],

  [/^exo_smtp_(sendasdenied|outboundspam|submissionquota|esc_5_(1_|2_12|7_(60|50[123]|7|12|13|23)))/, 'send-right'],
  [/^gmail_smtp_esc_5_(4_5|7_2[56])$|^smtp_(esc_[45]_[16]_|550_relay|esc_5_7_(1|2[3-7])$)/, 'send-right'],
  [/^exo_smtp_(esc_[45]_4_|esc_5_7_(606|511)|esc_4_7_)|^smtp_esc_[45]_[345]_/, 'greeting'],
  [/^(exo|gmail)_smtp_|^smtp_(esc_[45]_[27]_|token_|432|454|530|534|535)/, 'sign-in'],
  [/^smtp_/, 'greeting'],

  [/^graph_(errorsendasdenied|errormessagesubmission|erroraccountsuspend|errorexceeded|submissionquota)/, 'send-right'],
  [/^graph_(invalidauthenticationtoken|insufficient_claims|http_401|organizationfromtenant)/, 'sign-in'],
  [/^graph_(http_(429|5)|applicationthrottled|toomanyrequests|errorserver|errorinternal|errortimeout)/, 'greeting'],
  [/^graph_(answer_|link_|requestbodyread)|^foreign_link_refused$|^any_http_5xx$/, 'greeting'],
  [/^graph_|^any_http_4xx$/, 'folder'],

  [/^(aadsts_|entra_|oauth_|google_oauth_|registration_|provider_|refresh_|grant_|sealed_)/, 'sign-in'],
  [/^(not_connected|connection_missing|token_scope_missing|wrong_token_audience|bearer_needed|id_token_)/, 'sign-in'],
  [/^(directory_unknown|no_refresh_token|unclassified)$/, 'sign-in'],
]

/** Undefined for a code that no try-out gives. */
export const stageOf = (code: string): CheckStage | undefined => rules.find(([codes]) => codes.test(code))?.[1]
