import type { PlainWords, WordKey } from './words-of-code.js'

/** What people read about an error; what is left out here is said by the error itself. */
export const enProblems: Record<WordKey, PlainWords> = {
  linkUnknown: { heading: 'This link does not work' },
  linkExpired: { heading: 'This link has expired', description: 'The time for this link is over.' },
  linkUsed: { heading: 'This link was already used' },
  running: { heading: 'One moment, please' },
  notSignedIn: { heading: 'Not signed in yet' },
  cancelled: { heading: 'This sign-in was cancelled' },
  rejected: { heading: 'This sign-in was rejected' },
  tookTooLong: { heading: 'That took a little too long' },
  lostTrack: { heading: 'We lost track of your sign-in' },
  otherTab: { heading: 'You went on in another tab' },
  pageOutOfDate: { heading: 'This page is out of date' },
  tooManyAttempts: { heading: 'Too many wrong passwords' },
  otherAccount: { heading: 'That was another account' },
  noAccess: { heading: 'This account cannot open the mailbox' },
  alreadyConnected: {
    heading: 'This mailbox is connected already',
    description: 'It was connected with another link, and stays as it is.',
    remedy:
      'There is nothing more to do. If its mail does not come or go, ask the people who gave you this link for one that reconnects it.',
  },
  heldElsewhere: {
    heading: 'This mailbox is connected elsewhere',
    description: 'Another connection holds this address, so nothing was connected here.',
    remedy: 'Tell the people who gave you the link: the other connection has to be removed first.',
  },
  otherWay: { heading: 'This link cannot be used like this' },
  serversOfBefore: { heading: 'These are other mail servers than before' },
  notProven: { heading: 'The address is not proven' },
  consentNotShown: { heading: 'Your organisation has not allowed it yet' },
  otherOrganisation: { heading: 'That was another organisation' },
  badInput: { heading: 'The form was not complete' },
  noLogin: { heading: 'The mail server does not accept passwords here' },
  notEncrypted: { heading: 'The mail server does not offer encryption here' },
  badCertificate: { heading: 'The certificate of the mail server is not valid' },
  noMailbox: { heading: 'This account has no mailbox' },
  unreachable: { heading: 'The mail server could not be reached' },
  wrongPassword: {
    heading: 'User name or password is wrong',
    description: 'The mail server did not accept the user name and password.',
    remedy:
      'Type both again. Many providers want an app password here, which you make in your account with them; some want the part before the @ alone as user name.',
  },
  appPassword: {
    heading: 'An app password is needed',
    remedy: 'Make an app password in your Google account under Security and type it here.',
  },
  inBrowserFirst: {
    heading: 'Google wants you to sign in first',
    remedy: 'Sign in to Gmail in a browser once, then try again here.',
  },
  renewPassword: {
    heading: 'The password has expired',
    remedy: 'Renew it at your provider, then type the new one here.',
  },
  permissionsMissing: { heading: 'Some permissions are missing' },
  notSetUpYet: { heading: 'This way of signing in is not set up yet' },
  ourFault: {
    heading: 'Something went wrong on our side',
    description: 'It was not your fault. The people who run this service can find out more with the request id below.',
    remedy: 'Try again in a moment. If it happens again, send them the request id.',
  },
  noLastingAccess: {
    heading: 'The sign-in was not complete',
    description: 'The provider let you in once, but did not allow lasting access to the mailbox.',
    remedy: 'Show this page to the people who run the application: lasting access (offline_access) has to be allowed.',
  },
  declined: {
    heading: 'You did not allow access',
    description: 'The list of permissions was not accepted on the sign-in page, so nothing was connected.',
    remedy: 'If that was a mistake, try again and choose “Accept”.',
  },
  turnedBack: {
    heading: 'You cancelled the sign-in',
    description: 'You turned back on the sign-in page before it was done, so nothing was connected.',
    remedy: 'If you still want to connect the mailbox, try again with the same link.',
  },
  approval: {
    heading: 'An administrator has to approve this',
    description: 'Your organisation does not let people allow this kind of access themselves.',
    remedy:
      'Send the link below to an administrator of your Microsoft 365. When they have approved the application, open your own link again.',
  },
  requested: {
    heading: 'Your request is with your administrators',
    description:
      'You asked your administrators at Microsoft to approve this application. There is nothing more for you to do now: you can close this page.',
    remedy: 'When they have approved it, open your own link again. If it has ended by then, ask for a new one.',
  },
  notAssigned: {
    heading: 'Your account may not use this application',
    description:
      'Your organisation gives access to this application to chosen people only, and you are not among them yet.',
    remedy:
      'Ask an administrator to assign the application to you (Entra, Enterprise applications, Users and groups), then open your link again.',
  },
  blocked: {
    heading: 'Your organisation blocked this sign-in',
    description: 'A security policy of your organisation does not allow signing in to this application from here.',
    remedy: 'Show this page to an administrator: the policy for this application has to be changed.',
  },
  secondFactor: {
    heading: 'One more proof is needed',
    description:
      'Your organisation asks for multi-factor authentication, such as a code on your phone, and it was not given.',
    remedy: 'Try again and finish every step of the sign-in page.',
  },
  busy: {
    heading: 'The sign-in service is not available',
    description: 'The provider could not answer just now. Your mailbox and your link are fine.',
    remedy: 'Wait a minute and try again.',
  },
  setUp: {
    heading: 'The sign-in is not set up correctly',
    description: 'The provider refuses this application. It is not your fault, and only they can correct it.',
    remedy: 'Show this page to the people who run the application: the app registration has to be corrected.',
  },
  mixedUp: {
    heading: 'Two sign-ins got mixed up',
    description: 'The answer belongs to another sign-in than the one that was under way in this browser.',
    remedy: 'Close other tabs of this page and try again in one tab.',
  },
  appSetUp: { heading: 'The sign-in is not set up correctly' },
  redirect: { heading: 'The sign-in is not set up correctly' },
  wrongOrganisation: {
    heading: 'This account belongs to another organisation',
    remedy: 'Open your link in a private window and choose the account of the mailbox.',
  },
  accountOff: { heading: 'This account is switched off or locked' },
  notAtThisHour: { heading: 'This account may not sign in at this hour' },
  directoryAway: { heading: 'The directory of your organisation did not answer' },
  passwordAtProvider: {
    heading: 'The password has to be renewed first',
    remedy: 'Sign in at your provider once and renew the password there, then open your link again.',
  },
  signInAgain: {
    heading: 'Please sign in again',
    remedy: 'Open your link again and finish every step of the sign-in page.',
  },
  appOff: { heading: 'The application is switched off in your organisation' },
  noMailService: { heading: 'Your organisation has no mail at Microsoft' },
  noSuchMailbox: { heading: 'There is no such mailbox' },
  accessDenied: { heading: 'The permission to open this mailbox is missing' },
  imapOff: {
    heading: 'Reading with IMAP is not allowed for this mailbox',
    remedy:
      'If the mailbox is at Microsoft, continue with Microsoft; otherwise ask your administrator or mail provider to switch IMAP on.',
  },
  smtpOff: {
    heading: 'Sending with a password is switched off',
    remedy: 'Continue with Microsoft instead, or ask your administrator to switch SMTP AUTH on for this mailbox.',
  },
  mayNotSend: { heading: 'This account may not send from this mailbox' },
  sendingBlocked: { heading: 'Sending from this mailbox is blocked' },
  otherSignIn: {
    heading: 'The mail server wants another kind of sign-in',
    remedy:
      'Make an app password in your account with the provider and type it here, or ask the provider which server, port and encryption mail programs use.',
  },
  mailboxFull: { heading: 'The mailbox is full' },
  folderMissing: { heading: 'A folder of the mailbox is missing' },
  askProvider: { heading: 'Your mail provider has to help' },
  dailyLimit: { heading: 'The mailbox has reached its limit for today' },
  slowedDown: { heading: 'The mail service asks to wait' },
  awayForNow: { heading: 'The mail service has a temporary fault' },
  noReason: {
    heading: 'The mail server refused without a reason',
    remedy:
      'Check user name, password and server. If all of them are right, ask your mail provider why it refuses this sign-in.',
  },
  notUnderstood: {
    heading: 'The gateway and the mail server did not understand each other',
    remedy: 'Show this page to the people who run this service; it is not your fault.',
  },
}
