import type { PlainWords, WordKey } from './words-of-code.js'

/** What people read about an error; what is left out here is said by the error itself. */
export const enProblems: Record<WordKey, PlainWords> = {
  linkUnknown: { heading: 'This link does not work' },
  linkExpired: { heading: 'This link has expired', description: 'This link is no longer valid.' },
  linkUsed: { heading: 'This link has already been used' },
  running: { heading: 'One moment, please' },
  notSignedIn: { heading: 'Not signed in yet' },
  cancelled: { heading: 'This sign-in was cancelled' },
  rejected: { heading: 'This sign-in was rejected' },
  tookTooLong: { heading: 'That took a little too long' },
  lostTrack: { heading: 'We lost track of your sign-in' },
  otherTab: { heading: 'You continued in another tab' },
  pageOutOfDate: { heading: 'This page is out of date' },
  tooManyAttempts: { heading: 'Too many wrong passwords' },
  guestAccount: { heading: 'You are a guest in this organisation' },
  workAccountNeeded: { heading: 'That was a personal account' },
  otherAccount: { heading: 'That was a different account' },
  noAccess: { heading: 'This account cannot open the mailbox' },
  alreadyConnected: {
    heading: 'This mailbox is already connected',
    description: 'It was connected with another link and stays as it is.',
    remedy:
      'There is nothing more to do. If it does not receive or send mail, ask the people who gave you this link for one that reconnects it.',
  },
  heldElsewhere: {
    heading: 'This mailbox is connected elsewhere',
    description: 'Another connection holds this address, so nothing was connected here.',
    remedy: 'Tell the people who gave you the link that they must first remove the other connection.',
  },
  nameTaken: {
    heading: 'The name of this mailbox is in use',
    description: 'Another mailbox got this name after your link was created, so nothing was connected.',
    remedy: 'Ask the people who gave you this link for a new one.',
  },
  otherWay: { heading: 'This link cannot be used like this' },
  serversOfBefore: { heading: 'These are different mail servers from before' },
  notProven: { heading: 'The address is not verified' },
  consentNotShown: { heading: 'Your organisation has not approved it yet' },
  otherOrganisation: { heading: 'That was a different organisation' },
  badInput: { heading: 'The form is incomplete' },
  noLogin: { heading: 'The mail server does not accept passwords here' },
  notEncrypted: { heading: 'The mail server does not offer encryption here' },
  badCertificate: { heading: 'The certificate of the mail server is not valid' },
  noMailbox: { heading: 'This account has no mailbox' },
  unreachable: { heading: 'The mail server could not be reached' },
  wrongPassword: {
    heading: 'The user name or password is wrong',
    description: 'The mail server did not accept the user name and password.',
    remedy:
      'Type both again. Many providers require an app password here, which you create in your account with them; for some, the user name is only the part before the @.',
  },
  appPassword: {
    heading: 'An app password is needed',
    remedy: 'Create an app password in your Google account under Security and type it here.',
  },
  inBrowserFirst: {
    heading: 'Google requires you to sign in first',
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
    description: 'It is not your fault. The people who run this service can find out more with the request id below.',
    remedy: 'Try again in a moment. If it happens again, send them the request id.',
  },
  noLastingAccess: {
    heading: 'The sign-in is incomplete',
    description: 'The provider let you in once, but did not grant lasting access to the mailbox.',
    remedy: 'Show this page to the people who run the application: they must request lasting access (offline_access).',
  },
  declined: {
    heading: 'You did not allow access',
    description: 'Nobody accepted the list of permissions on the sign-in page, so nothing was connected.',
    remedy: 'If that was a mistake, try again and choose “Accept”.',
  },
  turnedBack: {
    heading: 'You cancelled the sign-in',
    description: 'You left the sign-in page before the sign-in was complete, so nothing was connected.',
    remedy: 'If you still want to connect the mailbox, try again with the same link.',
  },
  approval: {
    heading: 'An administrator must approve this',
    description: 'Your organisation does not let people approve this kind of access themselves.',
    remedy:
      'Send the link below to an administrator of your Microsoft 365. When they have approved the application, open your own link again.',
  },
  awaitsApproval: {
    heading: 'An administrator must approve reading',
    description:
      'Sending needs no approval. Reading starts automatically when an administrator of your organisation has approved it.',
    remedy: 'Pass on the link for your administrator. You do not have to come back.',
  },
  requested: {
    heading: 'Your request is with your administrators',
    description:
      'You asked your administrators at Microsoft to approve this application. There is nothing more for you to do now: you can close this page.',
    remedy:
      'Microsoft writes to you when they have decided. If they approved it, open your own link again; if that has expired by then, ask for a new one.',
  },
  notAssigned: {
    heading: 'Your account may not use this application',
    description:
      'Your organisation gives only selected people access to this application, and you are not one of them yet.',
    remedy:
      'Ask an administrator to assign the application to you (Entra, Enterprise applications, Users and groups), then open your link again.',
  },
  blocked: {
    heading: 'Your organisation blocked this sign-in',
    description: 'A security policy of your organisation does not allow signing in to this application from here.',
    remedy: 'Show this page to an administrator, who must change the policy for this application.',
  },
  secondFactor: {
    heading: 'One more verification is needed',
    description:
      'Your organisation requires multi-factor authentication, such as a code on your phone, and it was not completed.',
    remedy: 'Try again and complete every step of the sign-in page.',
  },
  busy: {
    heading: 'The sign-in service is not available',
    description: 'The provider could not answer just now. Your mailbox and your link are fine.',
    remedy: 'Wait a minute and try again.',
  },
  setUp: {
    heading: 'The sign-in is not set up correctly',
    description:
      'The provider refuses this application. It is not your fault, and only the people who run the application can correct it.',
    remedy: 'Show this page to the people who run the application: they must correct the app registration.',
  },
  notWholeYet: {
    heading: 'The sign-in is not set up completely',
    description:
      'Nobody has told this application all that it needs to know about your provider. It is not your fault, and only the people who run the application can correct it.',
    remedy: 'Show this page to the people who run the application: they must complete the app registration.',
  },
  mixedUp: {
    heading: 'Two sign-ins got mixed up',
    description: 'The answer belongs to a different sign-in from the one in progress in this browser.',
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
    heading: 'You must renew the password first',
    remedy: 'Sign in at your provider, renew the password there, then open your link again.',
  },
  signInAgain: {
    heading: 'Please sign in again',
    remedy: 'Open your link again and complete every step of the sign-in page.',
  },
  appOff: { heading: 'The application is switched off in your organisation' },
  noMailService: { heading: 'Your organisation has no mail at Microsoft' },
  noSuchMailbox: { heading: 'This mailbox does not exist' },
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
    heading: 'The mail server requires a different sign-in method',
    remedy:
      'Create an app password in your account with the provider and type it here, or ask the provider which server, port and encryption mail programs must use.',
  },
  mailboxFull: { heading: 'The mailbox is full' },
  folderMissing: { heading: 'A folder of the mailbox is missing' },
  askProvider: { heading: 'Your mail provider must help' },
  dailyLimit: { heading: 'The mailbox has reached its limit for today' },
  slowedDown: { heading: 'The mail service asks you to wait' },
  awayForNow: { heading: 'The mail service has a temporary fault' },
  noReason: {
    heading: 'The mail server refused without giving a reason',
    remedy:
      'Check the user name, password and server. If all of them are correct, ask your mail provider why it refuses this sign-in.',
  },
  notUnderstood: {
    heading: 'The gateway and the mail server did not understand each other',
    remedy: 'Show this page to the people who run this service. It is not your fault.',
  },
}
