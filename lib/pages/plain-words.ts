export interface PlainWords {
  heading: string
  description?: string
  remedy?: string
}

const refusedByPerson: PlainWords = {
  heading: 'You did not allow access',
  description: 'The list of rights was not accepted on the sign-in page, so nothing was connected.',
  remedy: 'If that was a mistake, try again and choose “Accept”. If the page does not let you, ask an administrator.',
}
const cancelledByPerson: PlainWords = {
  heading: 'You cancelled the sign-in',
  description: 'You turned back on the sign-in page before it was done, so nothing was connected.',
  remedy: 'If you still want to connect the mailbox, try again with the same link.',
}
const approval: PlainWords = {
  heading: 'An administrator has to approve this',
  description: 'Your organisation does not let people allow this kind of access by themselves.',
  remedy:
    'Ask an administrator of your Microsoft 365 to approve the application for your organisation, then open your link again.',
}
const requested: PlainWords = {
  heading: 'Your request is with your administrators',
  description:
    'You asked your administrators at Microsoft to approve this application. There is nothing more for you to do now: you can close this page.',
  remedy: 'When they have approved it, open your link again. If it has ended by then, ask for a new one.',
}
const blocked: PlainWords = {
  heading: 'Your organisation blocked this sign-in',
  description: 'A security policy of your organisation does not allow signing in to this application from here.',
  remedy: 'Show this page to an administrator: the policy for this application has to be changed.',
}
const secondFactor: PlainWords = {
  heading: 'One more proof is needed',
  description:
    'Your organisation asks for a second proof of identity, such as a code on your phone, and it was not given.',
  remedy: 'Try again and finish every step of the sign-in page.',
}
const busy: PlainWords = {
  heading: 'The sign-in service is not available',
  description: 'The provider could not answer just now. Your mailbox and your link are fine.',
  remedy: 'Wait a minute and try again.',
}
const setUp: PlainWords = {
  heading: 'The sign-in is not set up correctly',
  description: 'The provider refuses this application. It is not your fault, and trying again will not help.',
  remedy: 'Show this page to the people who run the application: the app registration has to be corrected.',
}

const wrongPassword: PlainWords = {
  heading: 'User name or password is wrong',
  remedy:
    'Type both again. Many providers want an app password here, which you make in your account with them; some want the part before the @ alone as user name.',
}
const appPassword: PlainWords = {
  heading: 'An app password is needed',
  remedy: 'Make an app password in your Google account under Security and type it here.',
}
const inBrowserFirst: PlainWords = {
  heading: 'Google wants you to sign in first',
  remedy: 'Sign in to Gmail in a browser once, then try again here.',
}
const renewPassword: PlainWords = {
  heading: 'The password has expired',
  remedy: 'Renew it at your provider, then type the new one here.',
}

/** For the errors people meet on the way, in words for people; all others speak with the catalogue's own text. */
export const plainWords: Readonly<Record<string, PlainWords>> = {
  link_unknown: { heading: 'This link does not work' },
  link_expired: { heading: 'This link has expired' },
  sign_in_used: { heading: 'This link was already used' },
  sign_in_running: { heading: 'One moment, please' },
  sign_in_open: { heading: 'Not signed in yet' },
  sign_in_cancelled: { heading: 'This sign-in was cancelled' },
  flow_expired: { heading: 'That took a little too long' },
  state_mismatch: { heading: 'We lost track of your sign-in' },
  form_expired: { heading: 'This page is out of date' },
  mailbox_mismatch: { heading: 'That was another account' },
  mailbox_exists: { heading: 'This mailbox is connected already' },
  imap_authenticationfailed: wrongPassword,
  smtp_535: wrongPassword,
  smtp_esc_5_7_8: wrongPassword,
  gmail_smtp_esc_5_7_8: wrongPassword,
  gmail_imap_invalid_credentials_failure: wrongPassword,
  exo_smtp_esc_5_7_139_user_credentials_were_incorrect: wrongPassword,
  gmail_smtp_esc_5_7_9_application_specific_password: appPassword,
  gmail_imap_application_specific_password_required: appPassword,
  gmail_smtp_esc_5_7_14: inBrowserFirst,
  gmail_imap_please_log_in_via_your_web_browser: inBrowserFirst,
  imap_expired: renewPassword,
  smtp_esc_4_7_12: renewPassword,
  scopes_missing: { heading: 'Some rights are missing' },
  no_registration: { heading: 'This way of signing in is not set up yet' },
  unexpected: {
    heading: 'Something went wrong on our side',
    description: 'It was not your fault. The people who run this service can find out more with the request id below.',
    remedy: 'Try again in a moment. If it happens again, send them the request id.',
  },
  no_refresh_token: {
    heading: 'The sign-in was not complete',
    description: 'The provider let you in once, but did not allow lasting access to the mailbox.',
    remedy: 'Show this page to the people who run the application: lasting access (offline_access) has to be allowed.',
  },
  aadsts_65004: refusedByPerson,
  oauth_access_denied: refusedByPerson,
  oauth_access_denied_cancel: cancelledByPerson,
  aadsts_65001: approval,
  aadsts_90094: approval,
  aadsts_90095: requested,
  aadsts_90099: approval,
  aadsts_900941: approval,
  aadsts_700011: approval,
  aadsts_7000229: approval,
  oauth_sub_consent_required: approval,
  oauth_consent_required: approval,
  aadsts_50105: {
    heading: 'Your account may not use this application',
    description:
      'Your organisation gives access to this application to chosen people only, and you are not among them yet.',
    remedy: 'Ask an administrator to assign the application to you, then open your link again.',
  },
  aadsts_53000: blocked,
  aadsts_53001: blocked,
  aadsts_53002: blocked,
  aadsts_53003: blocked,
  aadsts_50072: secondFactor,
  aadsts_50074: secondFactor,
  aadsts_50076: secondFactor,
  aadsts_50079: secondFactor,
  oauth_interaction_required: secondFactor,
  oauth_server_error: busy,
  oauth_temporarily_unavailable: busy,
  oauth_invalid_client: setUp,
  oauth_unauthorized_client: setUp,
  oauth_invalid_request: setUp,
  oauth_invalid_scope: setUp,
  aadsts_700016: setUp,
  aadsts_7000215: setUp,
  aadsts_7000222: setUp,
  aadsts_501481: {
    heading: 'Two sign-ins got mixed up',
    description: 'The answer belongs to another sign-in than the one that was under way in this browser.',
    remedy: 'Close other tabs of this page and try again in one tab.',
  },
}
