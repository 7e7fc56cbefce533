/**
 * Every action of the console, once: which operation of the API it is, its words, and whether it is done at one press.
 * What cannot be undone, or stops somebody's mail, is asked on a page of its own first, which works without a
 * script (O5).
 */
interface Question {
  title: string
  /** What follows, so that nobody has to guess. */
  text: string
  yes: string
}

export type ConsoleAction = {
  /** Name in the table of operations; role and limit are that one's. */
  operation: string
  label: string
  /** Said on the page that follows. */
  done: string
} & (
  | { question: Question }
  /** Why it is done without a question. */
  | { harmless: string }
)

const mails = {
  release: {
    operation: 'mailRelease',
    label: 'Release',
    done: 'Released: the gateway sends the mail next.',
    harmless: 'The mail was held for this decision, and its page names the recipients.',
  },
  retry: {
    operation: 'mailRetry',
    label: 'Retry now',
    done: 'The gateway retries the mail; a planned time is kept.',
    harmless: 'The application asked for this mail, and the gateway never sends a mail again that was sent.',
  },
  cancel: {
    operation: 'mailCancel',
    label: 'Cancel',
    done: 'Cancelled: the mail will not be sent.',
    question: {
      title: 'Cancel this mail?',
      text: 'It will not be sent. A cancelled mail cannot be retried: the application would have to submit it again.',
      yes: 'Yes, cancel the mail',
    },
  },
  'send-now': {
    operation: 'mailSendNow',
    label: 'Send before its planned time',
    done: 'The gateway sends the mail now.',
    question: {
      title: 'Send before its planned time?',
      text: 'The gateway sends it immediately and discards the planned time. A mail that was sent cannot be recalled.',
      yes: 'Yes, send it now',
    },
  },
  'resolve-sent': {
    operation: 'mailResolve',
    label: 'It was sent',
    done: 'Your decision is recorded: the mail was sent.',
    question: {
      title: 'Record that it was sent?',
      text: 'The application is told that the mail was sent, and the gateway never sends it again. If it was not sent, nobody will get it.',
      yes: 'Yes, it was sent',
    },
  },
  'resolve-not-sent': {
    operation: 'mailResolve',
    label: 'It was not sent: give up',
    done: 'Your decision is recorded: the mail was not sent and stays failed.',
    question: {
      title: 'Give up on this mail?',
      text: 'The application is told that the mail failed. It stays here and can be sent later with "Retry now".',
      yes: 'Yes, give up',
    },
  },
  'resolve-resend': {
    operation: 'mailResolve',
    label: 'Send again (may arrive twice)',
    done: 'Your decision is recorded: the gateway sends the mail again.',
    question: {
      title: 'Send it again?',
      text: 'If the first one was sent, its recipients get the mail twice. Both have the same Message-ID, so some mail servers drop the second.',
      yes: 'Yes, send it again',
    },
  },
} as const satisfies Record<string, ConsoleAction>

const mailboxes = {
  reconnect: {
    operation: 'mailboxReconnect',
    label: 'Create a reconnect link',
    done: '',
    harmless: 'Creates a link; nothing changes until the owner uses it.',
  },
  approval: {
    operation: 'adminConsentStart',
    label: 'Create an approval link',
    done: '',
    harmless: 'Creates a link; nothing changes until an administrator of the organisation uses it.',
  },
  poll: {
    operation: 'mailboxPoll',
    label: 'Fetch mail now',
    done: 'The gateway fetches new mail from the mailbox now.',
    harmless: 'Looks for mail earlier than the schedule would.',
  },
  check: {
    operation: 'mailboxCheck',
    label: 'Check now',
    done: '',
    harmless: 'Signs in and opens the mailbox; nothing is fetched, sent or changed there.',
  },
  import: {
    operation: 'mailboxImport',
    label: 'Import them now',
    done: 'The gateway tries the mails in quarantine now; a mail that fails again returns with its reason.',
    harmless: 'The application is told of each mail once, and a mail that fails again only returns to quarantine.',
  },
  'test-mail': {
    operation: 'mailboxTestMail',
    label: 'Send a test mail',
    done: '',
    harmless: 'One mail from the mailbox to itself.',
  },
  'retry-mails': {
    operation: 'mailboxRetryMails',
    label: 'Retry failed mail …',
    done: 'The gateway retries the mails; if they fail again, the reason is shown below.',
    question: {
      title: 'Retry the mails that failed?',
      text: 'The gateway sends every mail counted here now, however old it is; a planned time is kept. Do this only after the cause is repaired, or each mail fails again and its application is told so. Mail that failed for a reason of its own is not retried.',
      yes: 'Yes, send them now',
    },
  },
  pause: {
    operation: 'mailboxChange',
    label: 'Pause',
    done: 'Paused: the mailbox neither receives nor sends.',
    question: {
      title: 'Pause this mailbox?',
      text: 'It neither receives nor sends until somebody activates it. New mail stays on the server; mail to send waits, and the gateway gives up on it when its deadline passes.',
      yes: 'Yes, pause it',
    },
  },
  activate: {
    operation: 'mailboxChange',
    label: 'Activate',
    done: 'Activated: the mailbox receives and sends unless something below stops it.',
    harmless: 'Ends a pause; the gateway then does the work that waited.',
  },
} as const satisfies Record<string, ConsoleAction>

const signIns = {
  confirm: {
    operation: 'signInConfirm',
    label: 'Confirm',
    done: 'Confirmed: the mailbox is connected.',
    harmless: 'The card with the button names the account and the mailbox; removing the mailbox undoes it.',
  },
  reject: {
    operation: 'signInReject',
    label: 'Reject …',
    done: 'Rejected: nothing was connected and nothing was kept.',
    question: {
      title: 'Reject this sign-in?',
      text: 'The link stops working, and the gateway keeps nothing of the sign-in. To connect the mailbox after all, create a new link.',
      yes: 'Yes, reject it',
    },
  },
} as const satisfies Record<string, ConsoleAction>

const connections = {
  retry: {
    operation: 'connectionRetry',
    label: 'Try again',
    done: '',
    harmless: 'Asks the provider once more; nothing changes there.',
  },
} as const satisfies Record<string, ConsoleAction>

const registrations = {
  retry: {
    operation: 'registrationRetry',
    label: 'Try again',
    done: '',
    harmless: 'Asks the provider whether it accepts the credential; nothing changes there.',
  },
} as const satisfies Record<string, ConsoleAction>

const webhooks = {
  remove: {
    operation: 'webhookRemove',
    label: 'Remove the webhook …',
    done: 'Removed: the gateway posts no more events to this address.',
    question: {
      title: 'Remove this webhook?',
      text: 'The gateway posts no more events to this address and drops those that wait for it; they stay on the events queue for seven days. To get events again, the application must register the webhook again, with a new signing key.',
      yes: 'Yes, remove it',
    },
  },
} as const satisfies Record<string, ConsoleAction>

export const consoleActions = { mails, mailboxes, 'sign-ins': signIns, connections, registrations, webhooks }

export type ActionKind = keyof typeof consoleActions
export type ActionName<K extends ActionKind> = keyof (typeof consoleActions)[K] & string

/** Undefined for what no page offers. */
export function findAction(kind: ActionKind, name: string): ConsoleAction | undefined {
  const actions: Record<string, ConsoleAction> = consoleActions[kind]
  return Object.hasOwn(actions, name) ? actions[name] : undefined
}

const outcomes: readonly (readonly [string, string])[] = [
  [
    'test-mail-sent',
    'The test mail was sent. To retry mail that failed before, press "Retry failed mail" on the page of the mailbox.',
  ],
  ['test-mail-failed', 'The test mail could not be sent; the reason and what to do are shown below.'],
  ['test-mail-unknown', 'The connection broke while the test mail was handed over; see below.'],
  ['connection-works', 'It works again: the gateway now sends waiting mail and fetches new mail.'],
  ['connection-refused', 'Tested just now: it still does not work. The reason and what to do are shown below.'],
  ['connection-unanswered', 'Tested just now, but the provider did not answer. The gateway retries automatically.'],
  [
    'registration-accepted',
    'Tested just now: the provider accepts the credential. The gateway retries the mailboxes that waited for it.',
  ],
  [
    'registration-not-tried',
    'Tested just now, but the provider did not answer. The gateway retries the mailboxes that waited, and the card stays until one works.',
  ],
  [
    'registration-none',
    'This registration has no credential to test. The gateway retries the mailboxes that waited for it.',
  ],
  [
    'registration-refused',
    'Tested just now: the provider still refuses the registration. The reason and what to do are shown below.',
  ],
  [
    'secret-accepted',
    'Saved: the provider accepts the new credential. The gateway now retries the mailboxes that waited for it.',
  ],
  ['server-mailbox', 'Connected: reading and sending were tested, as far as the mailbox does them.'],
  [
    'secret-not-tried',
    'Saved. The next sign-in or refresh shows whether the provider accepts the new credential. The gateway now retries the mailboxes that waited for it, and a card stays until one works.',
  ],
]

/** What the word `done` in an address says, so that no address puts words of its own on a page. */
export const notices: ReadonlyMap<string, string> = new Map([
  ...Object.entries(consoleActions).flatMap(([kind, actions]) =>
    Object.entries(actions as Record<string, ConsoleAction>).map(
      ([name, { done }]) => [`${kind}-${name}`, done] as const,
    ),
  ),
  ...outcomes,
])
