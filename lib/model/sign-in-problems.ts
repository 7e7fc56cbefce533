/** What can go wrong between link and connection without any peer's fault, in words for the person at the browser. */
import { GatewayError } from '../errors.js'

const problems = {
  link_unknown: [
    404,
    'It is not complete, or it ended a while ago: used, cancelled or expired.',
    'Check that you copied the whole link, or ask for a new one.',
  ],
  link_expired: [410, 'This link has expired.', 'Ask the person or application that gave it to you for a new one.'],
  sign_in_used: [
    400,
    'A sign-in with this link was finished before, perhaps in another browser.',
    'Nothing more to do here. If the mailbox is not connected, ask for a new link.',
  ],
  sign_in_running: [
    409,
    'You signed in a moment ago, and the mailbox is being tried out. That takes a few seconds.',
    'Wait a little, then look again.',
  ],
  sign_in_open: [409, 'Nobody has signed in with this link so far.', 'Open the link again and sign in.'],
  sign_in_cancelled: [
    410,
    'Somebody chose “Cancel” on the page of this link, so it does not work any more.',
    'Ask for a new link if you want to connect the mailbox after all.',
  ],
  sign_in_rejected: [
    410,
    'An administrator looked at this sign-in and rejected it. Nothing was connected and nothing was kept.',
    'If you think that was a mistake, talk to the people who gave you the link.',
  ],
  state_mismatch: [
    400,
    'We could not match this answer to a sign-in that you started in this browser.',
    'Start again from your link, in one browser with cookies allowed.',
  ],
  other_tab: [
    400,
    'You began again in another tab of this browser, so this one does not count any more.',
    'Finish in the other tab, or start again from your link.',
  ],
  flow_expired: [400, 'The sign-in took too long.', 'Start again; you have ten minutes from the moment you continue.'],
  issuer_mismatch: [
    400,
    'The answer came from another sign-in service than the one you were sent to.',
    'Start again from your link.',
  ],
  form_expired: [
    400,
    'This page was opened in another browser or is out of date.',
    'Open the link again and go on from there, with cookies allowed.',
  ],
  too_many_attempts: [429, 'Too many wrong passwords were tried with this link.', 'Ask for a new link.'],
  no_registration: [
    409,
    'Signing in with this provider is not set up for your organisation yet.',
    'Ask an administrator to add an app registration, or connect with a password.',
  ],
} as const satisfies Record<string, readonly [status: number, description: string, remedy: string]>

export type SignInProblem = keyof typeof problems

export function signInProblem(code: SignInProblem): GatewayError {
  const [status, description, remedy] = problems[code]
  return new GatewayError(code, 'permanent', { status, description, remedy })
}
