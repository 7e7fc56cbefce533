import { breakable, html, type Markup } from '../html.js'
import { enProblems } from './en-problems.js'

/** Why a provider is suggested. */
export interface Found {
  evidence: string
  about?: { by: 'mail' | 'settings' | 'nothing' | 'asked' | 'stored'; domain: string; host: string } | undefined
}

type Direction = 'reading' | 'sending'
type Kind = 'imap' | 'smtp'

/** A mail server as it was typed. */
export interface ServerAt {
  kind: Kind
  host: string
  port: string
}

const failingWords = (failing: readonly Direction[]): string => failing.join(' and ')
const servers: Record<Kind, string> = { imap: 'incoming mail', smtp: 'outgoing mail' }
const fieldNames: Record<string, string> = {
  username: 'User name',
  password: 'Password or app password',
  delegate: 'Your own address',
}
const changeNames = {
  provider: 'a different provider',
  server: 'different mail servers',
  identity: 'a different account',
}

/** Everything a mailbox owner reads. Other languages have the same shape, or the code does not compile. */
export const en = {
  lang: 'en' as string,
  problems: enProblems,
  /** Instead of the own text of an error without words here, which is English. */
  otherProblem: undefined as { description: string; remedy: string } | undefined,
  connect: {
    title: (again: boolean): string => (again ? 'Reconnect your mailbox' : 'Connect your mailbox'),
    heading: (again: boolean, address: string): Markup =>
      html`${again ? 'Reconnect' : 'Connect'} ${breakable(address)}`,
    asks: (again: boolean, tenant: string): Markup =>
      again
        ? html`<strong>${tenant}</strong> was given access to this mailbox and asks you to sign in again.`
        : html`<strong>${tenant}</strong> asks for access to this mailbox.`,
    onlyIf: 'Continue only if you were expecting this request.',
    organisation: 'Organisation that gets access',
    mailbox: 'Mailbox',
    signInAs: 'Sign in as',
    sharedHint: 'This is a shared mailbox: you sign in with your own account, which has Full Access and Send As on it.',
    ableTo: 'It will be able to',
    changes: (allowed: readonly (keyof typeof changeNames)[], tenant: string) =>
      `This link may connect the mailbox with ${allowed.map((one) => changeNames[one]).join(' and ')}, as ${tenant} requested. If you did not expect that, close the page and ask them first.`,
    sendOnly:
      'Nothing but sending is requested: your mail cannot be read. If the answer to a mail gets lost on the way, nobody can look up whether it was sent.',
    sendFirst: 'Connect for sending now',
    sendFirstSummary: 'Does your organisation require the approval of an administrator?',
    sendFirstText: (tenant: string) =>
      `In many organisations only an administrator may approve reading mail, and everybody may approve sending. Connect the mailbox for sending now: ${tenant} starts reading automatically when an administrator has approved it, and you do not have to come back.`,
    continueWith: (provider: string) => `Continue with ${provider}`,
    atProvider: (provider: string) => `You sign in on ${provider}’s own page. We never see your password.`,
    notSetUp: (tenant: string, providers: readonly string[]) =>
      `Signing in with ${providers.join(' or ')} is not set up at ${tenant} yet. Ask an administrator to add an app registration.`,
    passwordFirst: 'Sign in with a user name and password',
    passwordInstead: 'Use a user name and password instead',
    insteadAt: (provider: string) => `This mailbox is at ${provider} after all`,
    looksLikeMicrosoft:
      'This looks like a Microsoft mailbox. Microsoft has switched off passwords for almost all mailboxes, so this will probably fail. Continue with Microsoft instead.',
    looksLikeGoogle: (link: Markup): Markup =>
      html`This looks like a Google mailbox. Google asks for an <em>app password</em> here; your normal password will not work. Create one at ${link}, then type it below.`,
    shared: 'This is a shared mailbox',
    sharedText: (address: string) =>
      `If ${address} is a shared mailbox, nobody signs in as it. Enter your own address and sign in with your own account: it needs Full Access to read the mailbox, and Send As to send from it. Your administrator grants both in the Exchange admin center.`,
    sharedConfirm: (tenant: string) =>
      `An administrator of ${tenant} must then confirm that it was you who connected it.`,
    delegate: fieldNames['delegate'] ?? '',
    evidence: ({ evidence }: Found) => evidence,
    cancel: 'Cancel, do not connect',
    notSure: 'Not sure? Close this page: nothing has been connected.',
    outOfDate: 'The page was out of date, so nothing was sent. Here it is again; please allow cookies.',
  },
  able: {
    read: 'Read the mail that arrives in this mailbox, and mark, move or delete it if that is set up',
    readOnly: 'Read the mail that arrives in this mailbox; it stays there as it is',
    send: 'Send mail as this mailbox',
    keep: 'Keep doing so when you are not signed in, until you or an administrator disconnects it',
  },
  form: {
    username: 'User name',
    password: 'Password or app password',
    server: (kind: Kind): string => (kind === 'imap' ? 'Incoming mail (IMAP)' : 'Outgoing mail (SMTP)'),
    host: 'Server',
    port: 'Port',
    encryption: 'Encryption',
    check: 'Check and continue',
    takes: 'We test the password at the mail servers. That can take ten seconds.',
    missing: (field: string) => `${fieldNames[field] ?? field} is missing or too long.`,
    badHost: 'Type the name of a mail server, such as mail.example.com.',
    badPort: (kind: Kind): string =>
      kind === 'imap'
        ? 'Type the port of the mail server: 993, or 143 with STARTTLS.'
        : 'Type the port of the mail server: 465, or 587 with STARTTLS.',
    badTls: 'Choose TLS or STARTTLS.',
    badAddress: 'Type a mail address, such as name@example.com.',
    unreachable: ({ kind, host, port }: ServerAt) =>
      `The server for ${servers[kind]}, ${host}, port ${port}, could not be reached.`,
    asBefore: (host: string): string => (host === '' ? 'Type the previous server.' : `Type ${host}, as before.`),
    answers: ({ kind, host, port }: ServerAt, words: string) =>
      `The server for ${servers[kind]}, ${host}, port ${port}, answers: ${words}`,
    refused: ({ kind, host, port }: ServerAt) =>
      `The server for ${servers[kind]}, ${host}, port ${port}, did not accept this.`,
  },
  verdict: {
    works: 'Works',
    fails: 'Does not work yet',
    untested: 'Not tested yet',
    helps: 'What helps:',
    signIn: 'Signing in',
    reading: 'Reading mail',
    sending: 'Sending mail',
    signedInAs: (user: string) => `Signed in as ${user}.`,
    accepted: 'The sign-in was accepted.',
    notChecked: 'The sign-in was not checked.',
    readable: 'New mail can be read.',
    readLater: 'Reading will be checked when the gateway first opens the mailbox.',
    sendable: 'The mail service accepted this mailbox for sending.',
    sendLater:
      'No mail has been sent yet. The first mail, or a test mail by an administrator, shows whether sending works.',
    unanswered:
      'The server did not answer just now. The mailbox stays as it was, and the gateway retries automatically.',
    both: 'Reading and sending mail',
  },
  result: {
    connected: 'is connected',
    connectedForSending: 'is connected for sending',
    sendingFirst: (tenant: string): Markup =>
      html`<strong>${tenant}</strong> can send from this mailbox from now on, and starts reading automatically when an administrator of your organisation has approved it. You have nothing more to do, except to pass on the link below.`,
    connectedBroken: 'is connected, but does not work yet',
    oneMore: 'One more step',
    signedIn: 'You are signed in',
    waiting: 'You are done; an administrator must confirm now',
    noMail: 'No mail was opened for this test.',
    failing: (tenant: string, failing: readonly Direction[]): Markup =>
      html`<strong>${tenant}</strong> has access, but ${failingWords(failing)} mail does not work yet. The gateway retries automatically; see below what helps.`,
    done: (tenant: string): Markup =>
      html`<strong>${tenant}</strong> can use this mailbox from now on. You can close this page.`,
    goBack:
      'Your sign-in worked. Go back to the application within ten minutes to finish; until then nothing is connected.',
    pending: (tenant: string, until: string): Markup =>
      html`Thank you. We told the administrators of <strong>${tenant}</strong>. They have until ${until} to confirm the mailbox; until then nothing is connected. You can close this page.`,
    thanks: 'Thank you. You can close this page.',
    finish: (host: string) => `Finish in the application (${host})`,
    back: (host: string) => `Back to the application (${host})`,
    footer: (tenant: string, address: string) => `Organisation: ${tenant}. Mailbox: ${address}.`,
  },
  error: {
    byClass: {
      transient: 'Please try again in a moment',
      permanent: 'This did not work',
      'needs-admin': 'An administrator must help',
      'needs-reconnect': 'The sign-in did not work',
    },
    helps: 'What helps:',
    transient: 'This is usually temporary, and nobody has to do anything.',
    operator: 'Only the people who run this service can solve it.',
    administrator: 'An administrator of your organisation can solve it. Show them this page.',
    nothing: 'This attempt connected nothing.',
    forAdministrator: 'For your administrator',
    forOperator: 'For those who run the application',
    passOn: 'Pass on this text; it says what has to be done.',
    mailText: 'Write a mail with this text',
    handOver: (to: Record<'application' | 'clientId' | 'account' | 'code' | 'description' | 'remedy', string>) =>
      `When I connected my mailbox, the page said: “${to.description} ${to.remedy}” Application: ${to.application}, client id ${to.clientId}.${to.account === '' ? '' : ` Account: ${to.account}.`} Code: ${to.code}.`,
    noApproval: 'No answer? Send your administrators a link',
    maybeApproval: 'Did the page say that an administrator must approve it?',
    sendLink:
      'Send this link to an administrator of your organisation. It shows what the application asks for, and works for one day.',
    mailLink: 'Write a mail with this link',
    mailSubject: 'Please approve an application for our mail',
    mailBody: (link: string) =>
      `Please open this link and approve the application for our Microsoft 365. It shows who asks and for what, and works for one day:\n\n${link}\n`,
    sharedHint: (address: string) =>
      `Is ${address} a shared mailbox? Nobody signs in as a shared mailbox. Open your link again, choose “This is a shared mailbox” and enter your own address; your account needs Full Access and Send As on it.`,
    retry: 'Try again',
    tryLater: 'Wait a few minutes, then try again with the same link.',
    openAgain: 'Open your link again',
    seeHow: 'See how it ended',
    lookAgain: 'Look again',
    openLink: 'Open the link',
    requestId: (id: Markup): Markup => html`If you ask for help, give this request id: ${id}`,
    code: 'Code:',
  },
  cancelled: {
    title: 'Cancelled',
    what: (address: string): Markup =>
      address === '' ? html`Nothing was allowed` : html`<strong>${address}</strong> was not connected`,
    text: (what: Markup, tenant: string, address: string): Markup =>
      html`${what} and <strong>${tenant}</strong> has no new access to ${address === '' ? 'your organisation' : 'it'}. The link no longer works.`,
    changed: 'Changed your mind? Ask for a new link.',
    close: 'You can close this page.',
  },
  checking: {
    title: 'Checking the mailbox …',
    text: 'You are signed in. The gateway now tests the mailbox. That takes up to ten seconds; this page continues automatically.',
    goOn: 'Continue',
  },
  consent: {
    title: 'Allow access for your organisation',
    heading: (tenant: string) => `Allow ${tenant} for your organisation`,
    intro: (tenant: string): Markup =>
      html`This page is for administrators of Microsoft 365. <strong>${tenant}</strong> asks for a permission that applies to your whole organisation.`,
    able: (appOnly: boolean): string =>
      appOnly ? 'It will be able to, in every mailbox' : 'People will be able to let it',
    read: (appOnly: boolean) =>
      `Read the mail that arrives${appOnly ? '' : ' in their mailbox'}, and mark, move or delete it if that is set up`,
    readOnly: (appOnly: boolean) =>
      `Read the mail that arrives${appOnly ? '' : ' in their mailbox'}; it stays there as it is`,
    send: (appOnly: boolean) => `Send mail as ${appOnly ? 'the mailbox' : 'their mailbox'}`,
    named: (appOnly: boolean, names: string): string =>
      appOnly
        ? `Application permissions that this needs: ${names}. Microsoft’s page lists all that the app registration names.`
        : `Microsoft’s page names these permissions: ${names}.`,
    keep: (appOnly: boolean): string =>
      appOnly
        ? 'Do so without anybody signed in, until you revoke the permission in Microsoft Entra'
        : 'Keep doing so when they are not signed in, until they or you disconnect it',
    limit: 'You can limit it to chosen mailboxes in Exchange Online (RBAC for Applications).',
    nobody: 'This connects nobody’s mailbox; everybody still decides about their own.',
    twice: (tenant: string) =>
      `Microsoft asks you twice: first for the permission, then who you are, so that ${tenant} can see who gave it.`,
    cancel: 'Cancel, do not allow it',
    notSure: 'Not sure? Close this page: nothing has been allowed.',
    allowed: 'Your organisation has approved it',
    oneLeft: 'Thank you, one step is left',
    pending: (tenant: string, until: string): Markup =>
      html`We told the administrators of <strong>${tenant}</strong>. They have until ${until} to confirm it; until then nothing is connected. You can close this page.`,
    appOnlyDone: (tenant: string): Markup =>
      html`<strong>${tenant}</strong> can add mailboxes of your organisation from now on. You can close this page.`,
    delegatedDone: (tenant: string): Markup =>
      html`People of your organisation can connect their mailboxes to <strong>${tenant}</strong> from now on; anybody who was stopped can open their own link again. Mailboxes that send already and waited for this start reading. No mailbox was connected by this. You can close this page.`,
    permission: 'Permission',
    givenBy: (user: string) => `Granted by ${user}.`,
    readLater: 'The gateway checks reading with each mailbox that is added.',
    sendLater: 'The gateway checks sending with each mailbox that is added.',
    footer: (tenant: string) => `Organisation that asked: ${tenant}.`,
  },
  exchange: {
    title: 'One more step, in Exchange Online',
    intro:
      'IMAP and SMTP also need the application in Exchange. Somebody who manages Exchange runs these commands in PowerShell; the ids are those of your organisation.',
    once: 'Once for the application (the object id is that of the enterprise application, not of the app registration):',
    each: 'For each mailbox, with its address in place of mailbox@example.com:',
    wait: 'Exchange needs up to two hours. Until then the sign-in to the mailbox fails; the check of the mailbox says which of the steps is missing.',
  },
}

export type Texts = typeof en
