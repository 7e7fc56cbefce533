/**
 * Which words belong to what identity providers and mail servers answer; what they may answer is in the error
 * catalogue.
 */
const codes = {
  appSetUp: `aadsts_28002 aadsts_28003 aadsts_50001 aadsts_50013 aadsts_50059 aadsts_50128 aadsts_50147 aadsts_501491
    aadsts_50194 aadsts_65002 aadsts_65005 aadsts_650053 aadsts_650056 aadsts_650057 aadsts_700005 aadsts_70001
    aadsts_7000218 aadsts_70002 aadsts_700022 aadsts_700023 aadsts_700024 aadsts_700025 aadsts_700027 aadsts_70003
    aadsts_70021 aadsts_700211 aadsts_700212 aadsts_700213 aadsts_7002138 aadsts_700222 aadsts_700226 aadsts_700236
    aadsts_700084 aadsts_70011 aadsts_90002 aadsts_90014 aadsts_900144 aadsts_90019 aadsts_90023 aadsts_9001023
    aadsts_9002313 aadsts_9002325 aadsts_9002327 aadsts_9002332 oauth_invalid_resource oauth_unsupported_grant_type
    oauth_unsupported_response_type graph_invalidauthenticationtoken_audience entra_credential_lifetime
    entra_credential_type`,
  redirect: 'aadsts_50011 aadsts_500112',
  wrongOrganisation: 'aadsts_16000 aadsts_50020 aadsts_500208 aadsts_50034 aadsts_51004 aadsts_90072',
  blocked: `aadsts_500021 aadsts_500212 aadsts_500213 aadsts_50097 aadsts_50131 aadsts_530032 aadsts_530035 aadsts_53004
    aadsts_53011 oauth_sub_message_only`,
  notAssigned: 'aadsts_501051',
  accountOff: 'aadsts_50053 aadsts_50057 graph_erroraccountsuspend smtp_esc_5_7_13',
  notAtThisHour: 'aadsts_80012',
  directoryAway: 'aadsts_80001 aadsts_80002 aadsts_80007 aadsts_90036 aadsts_90123',
  passwordAtProvider: `aadsts_50055 aadsts_50056 aadsts_50125 aadsts_50133 aadsts_50135 aadsts_50144
    oauth_sub_user_password_expired`,
  signInAgain: `aadsts_50058 aadsts_50085 aadsts_50089 aadsts_50126 aadsts_50132 aadsts_50140 aadsts_50173 aadsts_54005
    aadsts_700003 aadsts_70000 aadsts_70008 aadsts_700020 aadsts_700081 aadsts_700082 aadsts_70019 aadsts_70043
    aadsts_90013 aadsts_900561 oauth_sub_bad_token oauth_sub_token_expired oauth_login_required oauth_expired_token
    oauth_invalid_grant graph_insufficient_claims graph_invalidauthenticationtoken_lifetime_validation_failed
    graph_invalidauthenticationtoken graph_http_401 exo_imap_accesstokenexpired gmail_smtp_schemes_bearer
    imap_token_refused smtp_token_refused`,
  secondFactor: 'aadsts_50078 aadsts_50158 oauth_sub_basic_action oauth_sub_additional_action',
  appOff: 'aadsts_7000112 aadsts_1000031',
  noMailService: 'aadsts_500011 aadsts_650052 aadsts_650054 graph_organizationfromtenantguidnotfound',
  busy: `aadsts_50033 aadsts_50087 aadsts_50088 aadsts_50196 aadsts_70012 aadsts_70016 aadsts_90006 aadsts_90012
    aadsts_90024 aadsts_90033 aadsts_90055 aadsts_90090 oauth_authorization_pending oauth_slow_down`,
  noSuchMailbox: `graph_errornonexistentmailbox graph_errorinvaliduser graph_request_resourcenotfound
    graph_mailboxnotsupportedforrestapi graph_http_404`,
  accessDenied: `graph_erroraccessdenied graph_authorization_requestdenied graph_accessdenied graph_http_403
    graph_blocked_by_tenant_configured_apponly_accesspolicy exo_smtp_535_esc_5_7_3 exo_smtp_430_mailbox_logon_failure
    exo_imap_user_is_authenticated_but_not_connected imap_authorizationfailed imap_noperm exo_smtp_app_535_esc_5_7_3
    exo_smtp_app_mailbox_logon_failure exo_smtp_app_430_esc_4_2_0 exo_imap_app_authenticate_failed
    exo_imap_app_not_connected`,
  imapOff: 'exo_imap_no_authenticate_failed exo_imap_no_login_failed gmail_imap_imap_access_is_disabled',
  smtpOff: `exo_smtp_smtpclientauthentication_is_disabled_for_the_tenant
    exo_smtp_smtpclientauthentication_is_disabled_for_the_mailbox exo_smtp_esc_5_7_139_security_defaults
    exo_smtp_esc_5_7_139_basic_authentication_is_disabled exo_smtp_esc_5_7_139_did_not_meet_the_criteria
    exo_smtp_esc_5_7_139 exo_smtp_esc_5_7_30`,
  mayNotSend: 'exo_smtp_sendasdenied exo_smtp_esc_5_7_60 graph_errorsendasdenied',
  sendingBlocked: `exo_smtp_outboundspamexception exo_smtp_esc_5_1_8 exo_smtp_esc_5_7_501 exo_smtp_esc_5_7_502
    exo_smtp_esc_5_7_503 exo_smtp_esc_5_7_705 exo_smtp_esc_5_7_708 graph_errormessagesubmissionblocked`,
  otherSignIn: `exo_smtp_504_esc_5_7_4 exo_smtp_esc_5_7_57 smtp_esc_5_7_4 smtp_esc_5_7_9 smtp_esc_5_7_14 smtp_503 smtp_504
    smtp_530 smtp_534`,
  notEncrypted: 'smtp_esc_5_7_10 smtp_esc_5_7_11',
  badCertificate: 'net_unable_to_verify_leaf_signature',
  unreachable: `net_enotfound net_eai_again net_econnrefused net_etimedout net_econnreset net_epipe net_ehostunreach
    net_enetunreach net_eaddrnotavail net_einval net_eacces net_emfile net_wrong_version_number net_eproto
    imap_greeting_unreadable net_connect_timeout`,
  mailboxFull: 'graph_errorquotaexceeded graph_http_507 imap_overquota',
  folderMissing: 'graph_errorfoldernotfound imap_nonexistent imap_trycreate',
  askProvider: 'imap_contactadmin imap_corruption imap_uidnotsticky smtp_esc_5_3_5 smtp_521',
  dailyLimit: `exo_smtp_submissionquotaexceeded exo_smtp_esc_5_1_90 exo_smtp_esc_5_7_232 exo_smtp_esc_5_7_233
    exo_smtp_esc_5_7_236 graph_errorexceededmessagelimit graph_submissionquotaexceeded gmail_smtp_esc_5_4_5
    gmail_imap_account_exceeded_command_or_bandwidth_limits`,
  slowedDown: `graph_applicationthrottled graph_toomanyrequests graph_http_429 graph_http_509 graph_errorserverbusy
    exo_smtp_concurrent_connection_limit_exceeded exo_smtp_sender_thread_limit_exceeded exo_smtp_esc_4_7_500
    exo_smtp_esc_4_7_850 exo_imap_request_is_throttled_suggested_backoff_time gmail_smtp_454_esc_4_7_0
    gmail_smtp_esc_4_7_28 gmail_imap_too_many_simultaneous_connections imap_limit smtp_esc_4_3_2 smtp_esc_4_7_0
    smtp_esc_4_7_1 smtp_432 smtp_450`,
  awayForNow: `graph_errorirresolvableconflict graph_errorinternalservertransienterror graph_errorinternalservererror
    graph_errormailboxstoreunavailable graph_errormailboxmoveinprogress graph_errortimeoutexpired graph_http_412 graph_http_416
    graph_http_423 graph_link_repeats graph_link_missing graph_answer_too_large graph_answer_not_usable graph_http_500 graph_http_502 graph_http_503 graph_http_504
    exo_smtp_temporary_server_error_please_try_again_later exo_imap_command_received_in_invalid_state
    exo_imap_bye_connection_closed exo_imap_connection_is_closed exo_imap_server_unavailable
    exo_imap_bad_command_error_12 exo_imap_bad_command_error_10 imap_inuse imap_unavailable imap_serverbug imap_bye
    imap_greeting_refused imap_expungeissued smtp_esc_4_3_0 smtp_esc_4_3_1 smtp_esc_4_4_0 smtp_esc_4_4_1 smtp_esc_4_4_2 smtp_esc_4_4_3
    smtp_esc_4_4_4 smtp_esc_4_4_5 smtp_esc_4_4_7 smtp_esc_4_7_5 smtp_esc_4_any smtp_421 smtp_451 smtp_452 smtp_454
    smtp_455 smtp_4xx any_http_5xx net_answer_too_large net_answer_unreadable`,
  noReason: `imap_no imap_cannot smtp_550 smtp_554 smtp_esc_5_7_0 smtp_esc_5_7_1 smtp_esc_5_any smtp_5xx any_http_4xx
    unclassified`,
  notUnderstood: `graph_errorpropertyvalidationfailure graph_requestbodyread graph_badrequest graph_http_400 imap_bad
    imap_clientbug imap_unknown_cte smtp_esc_5_5_0 smtp_esc_5_5_1 smtp_esc_5_5_2 smtp_esc_5_5_4 smtp_esc_5_5_6 smtp_500
    smtp_501 smtp_502`,
  ourFault: `azure_forbidden_key_vault azure_secretnotfound azure_secretdisabled azure_throttled
    azure_updateconditionnotsatisfied azure_entitytoolarge azure_propertyvaluetoolarge azure_tablebeingdeleted
    azure_queuebeingdeleted azure_requestbodytoolarge azure_serverbusy azure_operationtimedout azure_authorizationfailure
    azure_authenticationfailed azure_leasealreadypresent azure_leaselost`,
} as const

export type PeerWordKey = keyof typeof codes

export const codesOfPeers: ReadonlyMap<string, PeerWordKey> = new Map(
  Object.entries(codes).flatMap(([key, list]) => list.split(/\s+/).map((code) => [code, key as PeerWordKey] as const)),
)
