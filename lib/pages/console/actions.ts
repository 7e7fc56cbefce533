/**
 * Every action of the console, once: which operation of the API it is, its words, and whether it is done at one press.
 * What cannot be taken back, or stops somebody's mail, is asked on a page of its own first, which works without a
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
    done: 'Released: the mail goes out next.',
    harmless: 'The mail was held for this decision, and its page says to whom it goes.',
  },
  retry: {
    operation: 'mailRetry',
    label: 'Retry now',
    done: 'The gateway retries the mail; a planned time is kept.',
    harmless: 'The application asked for this mail, and one that left is never sent again.',
  },
  cancel: {
    operation: 'mailCancel',
    label: 'Cancel',
    done: 'Cancelled: the mail will not be sent.',
    question: {
      title: 'Cancel this mail?',
      text: 'It will not be sent. A cancelled mail cannot be taken up again: the application would have to submit it anew.',
      yes: 'Yes, cancel the mail',
    },
  },
  'send-now': {
    operation: 'mailSendNow',
    label: 'Send before its planned time',
    done: 'The mail goes out now.',
    question: {
      title: 'Send before its planned time?',
      text: 'It leaves at once, and the planned time is gone. What has left cannot be called back.',
      yes: 'Yes, send it now',
    },
  },
  'resolve-sent': {
    operation: 'mailResolve',
    label: 'It was sent',
    done: 'Your decision is recorded: the mail was sent.',
    question: {
      title: 'Record that it was sent?',
      text: 'The application hears that the mail left, and the gateway never sends it again. If it did not leave, nobody will get it.',
      yes: 'Yes, it was sent',
    },
  },
  'resolve-not-sent': {
    operation: 'mailResolve',
    label: 'It was not sent: give up',
    done: 'Your decision is recorded: the mail was not sent and stays failed.',
    question: {
      title: 'Give the mail up?',
      text: 'The application hears that the mail failed. It stays here and can be sent later with "Retry now".',
      yes: 'Yes, give it up',
    },
  },
  'resolve-resend': {
    operation: 'mailResolve',
    label: 'Send again (may arrive twice)',
    done: 'Your decision is recorded: the mail is sent again.',
    question: {
      title: 'Send it again?',
      text: 'If the first one did leave, its recipients get the mail twice. It has the same Message-ID, by which some mail servers drop the second.',
      yes: 'Yes, send it again',
    },
  },
} as const satisfies Record<string, ConsoleAction>

const mailboxes = {
  reconnect: {
    operation: 'mailboxReconnect',
    label: 'Create a reconnect link',
    done: '',
    harmless: 'Makes a link; nothing changes before the owner used it.',
  },
  poll: {
    operation: 'mailboxPoll',
    label: 'Fetch mail now',
    done: 'The mailbox is asked for new mail now.',
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
    done: 'The mails in quarantine are tried now; one that fails again comes back with its reason.',
    harmless: 'The application is told of each mail once, and one that fails again only goes back.',
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
    done: 'The gateway retries the mails; if they fail once more, the reason stands below.',
    question: {
      title: 'Retry the mails that failed?',
      text: 'Every mail counted here is sent now, however old it is; a planned time is kept. Do it after the cause is repaired, else each fails again and its application is told so. Mail that failed for a reason of its own stays as it is.',
      yes: 'Yes, send them now',
    },
  },
  pause: {
    operation: 'mailboxChange',
    label: 'Pause',
    done: 'Paused: the mailbox neither receives nor sends.',
    question: {
      title: 'Pause this mailbox?',
      text: 'It neither receives nor sends until somebody activates it. New mail stays at the server; mail to send waits, and is given up when its deadline passes.',
      yes: 'Yes, pause it',
    },
  },
  activate: {
    operation: 'mailboxChange',
    label: 'Activate',
    done: 'Activated: the mailbox receives and sends as far as nothing below stops it.',
    harmless: 'Ends a pause; what waited is done.',
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
      text: 'The link stops working and nothing of the sign-in is kept. To connect the mailbox after all, a new link is needed.',
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

const webhooks = {
  remove: {
    operation: 'webhookRemove',
    label: 'Remove the webhook …',
    done: 'Removed: the address gets no events any more.',
    question: {
      title: 'Remove this webhook?',
      text: 'The address gets no events any more, and those that wait for it are dropped; the events queue has them for seven days. The application must register the webhook anew to get events again, with another signing key.',
      yes: 'Yes, remove it',
    },
  },
} as const satisfies Record<string, ConsoleAction>

export const consoleActions = { mails, mailboxes, 'sign-ins': signIns, connections, webhooks }

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
    'The test mail was sent. Mail that failed before is taken up by "Retry failed mail" on the page of the mailbox.',
  ],
  ['test-mail-failed', 'The test mail could not be sent; the reason and what to do stand below.'],
  ['test-mail-unknown', 'The connection broke while the test mail was handed over; see below.'],
  ['connection-works', 'It works again: waiting mail leaves now, and new mail is fetched.'],
  ['connection-refused', 'Tried just now: it still does not work. The reason and what to do stand below.'],
  ['connection-unanswered', 'Tried just now, but the provider gave no answer. The gateway retries automatically.'],
  ['secret-accepted', 'Saved: the provider accepts the new secret. The mailboxes that waited for it are tried now.'],
  [
    'secret-not-tried',
    'Saved. Whether the provider accepts the new secret shows at the next sign-in or renewal; mailboxes that waited for it are tried now, and a card stays until one works.',
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
