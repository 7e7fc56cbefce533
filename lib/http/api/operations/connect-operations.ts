/** Sign-ins, consents of administrators, and the connections that come of them. */
import type { Operation } from '../operation.js'
import { act, admins, all, apiBody, connectAnswer, list, query, remove, show } from './operation-kinds.js'

export const connectOperations = {
  signInStart: {
    name: 'sign-in-start',
    limited: 'connect',
    method: 'POST',
    route: 'api/v1/sign-ins',
    roles: all,
    tenant: true,
    summary: 'Starts connecting or reconnecting a mailbox; answers with the link to open.',
    body: apiBody('signInStartSchema'),
    answer: connectAnswer('startedSignIn'),
    success: [201, 'Started.'],
    errors: [
      'return_url_not_registered',
      'no_registration',
      'mailbox_exists',
      'mailbox_held',
      'forbidden_confirmation',
    ],
  },
  signInShow: show('sign-in-show', 'sign-ins/{id}', 'State and verdicts of a sign-in.', connectAnswer('signIn')),
  signInList: {
    ...list(
      'sign-in-list',
      'sign-ins',
      all,
      'Sign-ins that are under way or ended a short while ago; state=pending: those an administrator has to confirm.',
      connectAnswer('signInPage'),
    ),
    query: query('signInListQuery'),
  },
  signInRedeem: {
    name: 'sign-in-redeem',
    method: 'POST',
    route: 'api/v1/sign-ins/{id}/redeem',
    roles: all,
    tenant: true,
    summary: 'Confirms a sign-in with its one-time result code and binding; the mailbox exists from here on.',
    body: apiBody('redeemSchema'),
    answer: connectAnswer('confirmed'),
    success: [200, 'Connected.'],
    errors: [
      'not_found',
      'mailbox_exists',
      'mailbox_held',
      'result_code_invalid',
      'binding_mismatch',
      'sign_in_not_ready',
      'sign_in_used',
      'confirmation_running',
    ],
  },
  signInConfirm: {
    ...act(
      'sign-in-confirm',
      'sign-ins/{id}/confirm',
      admins,
      'A tenant administrator confirms a sign-in that was made through a link.',
      connectAnswer('confirmed'),
    ),
    errors: ['not_found', 'sign_in_not_ready', 'sign_in_used', 'confirmation_running'],
  },
  signInReject: {
    ...act(
      'sign-in-reject',
      'sign-ins/{id}/reject',
      admins,
      'A tenant administrator rejects a sign-in that waits for a confirmation; nothing of it is kept.',
      connectAnswer('signIn'),
    ),
    errors: ['not_found', 'sign_in_not_ready', 'sign_in_used', 'confirmation_running'],
  },
  adminConsentStart: {
    name: 'admin-consent-start',
    method: 'POST',
    route: 'api/v1/admin-consents',
    roles: admins,
    tenant: true,
    summary:
      'A link by which an administrator of a Microsoft organisation allows the application: app-only, or that people connect their own mailboxes.',
    body: apiBody('adminConsentSchema'),
    answer: connectAnswer('startedSignIn'),
    success: [201, 'Started; its state is read like that of a sign-in, and app-only is confirmed like one.'],
    errors: ['no_registration', 'own_registration_needed', 'registration_without_secret'],
  },
  adminConsentList: list(
    'admin-consent-list',
    'admin-consents',
    admins,
    'Who allowed what, for which organisation.',
    connectAnswer('consentPage'),
  ),
  connectionList: list(
    'connection-list',
    'connections',
    all,
    'Connections with last and next refresh and when their authority would end, never the authority itself.',
    connectAnswer('connectionPage'),
  ),
  connectionRetry: {
    ...act(
      'connection-retry',
      'connections/{id}/retry',
      all,
      'Tries a connection at once, for instance after an administrator repaired something; its mailboxes then fetch and send at once.',
      connectAnswer('triedConnection'),
    ),
    success: [200, 'Tried: whether it works, or what is still wrong.'],
    limited: 'connect',
  },
  connectionRemove: {
    ...remove('connection-remove', 'connections/{id}', admins, 'Ends a connection that no mailbox uses any more.'),
    errors: ['not_found', 'connection_in_use'],
  },
} as const satisfies Record<string, Operation>
