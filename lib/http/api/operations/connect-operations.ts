/** Sign-ins, consents of administrators, and the connections that come of them. */
import type { Operation } from '../operation.js'
import {
  act,
  admins,
  all,
  apiBody,
  connectAnswer,
  list,
  query,
  reconnectBody,
  remove,
  serverBody,
  show,
} from './operation-kinds.js'

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
      'mailbox_name_taken',
      'mailbox_held',
      'forbidden_confirmation',
    ],
  },
  signInShow: show('sign-in-show', 'sign-ins/{id}', {
    summary: 'State and verdicts of a sign-in.',
    answer: connectAnswer('signIn'),
  }),
  signInList: {
    ...list('sign-in-list', 'sign-ins', {
      roles: all,
      summary:
        'Sign-ins that are in progress or ended recently; state=pending: those that an administrator must confirm.',
      answer: connectAnswer('signInPage'),
    }),
    query: query('signInListQuery'),
  },
  signInRedeem: {
    name: 'sign-in-redeem',
    method: 'POST',
    route: 'api/v1/sign-ins/{id}/redeem',
    roles: all,
    tenant: true,
    summary: 'Confirms a sign-in with its one-time result code and binding; from then on the mailbox exists.',
    body: apiBody('redeemSchema'),
    answer: connectAnswer('confirmed'),
    success: [200, 'Connected.'],
    errors: [
      'not_found',
      'mailbox_exists',
      'mailbox_name_taken',
      'mailbox_held',
      'result_code_invalid',
      'binding_mismatch',
      'sign_in_not_ready',
      'sign_in_used',
      'confirmation_running',
    ],
  },
  signInConfirm: {
    ...act('sign-in-confirm', 'sign-ins/{id}/confirm', {
      roles: admins,
      summary: 'Confirms, as a tenant administrator, a sign-in that was made through a link.',
      answer: connectAnswer('confirmed'),
    }),
    errors: ['not_found', 'sign_in_not_ready', 'sign_in_used', 'confirmation_running'],
  },
  signInReject: {
    ...act('sign-in-reject', 'sign-ins/{id}/reject', {
      roles: admins,
      summary:
        'Rejects, as a tenant administrator, a sign-in that waits for confirmation; the gateway keeps nothing of it.',
      answer: connectAnswer('signIn'),
    }),
    errors: ['not_found', 'sign_in_not_ready', 'sign_in_used', 'confirmation_running'],
  },
  reconnectLinksCreate: {
    name: 'reconnect-links-create',
    method: 'POST',
    route: 'api/v1/reconnect-links',
    roles: admins,
    tenant: true,
    summary:
      'Creates reconnect links for up to 500 mailboxes: those that are named, or those that a filter means. Mailboxes that cannot have one are listed with the reason.',
    body: reconnectBody('reconnectManySchema'),
    answer: connectAnswer('manyReconnects'),
    success: [200, 'The links that were created, and what is open.'],
    limited: 'connect',
  },
  adminConsentStart: {
    name: 'admin-consent-start',
    method: 'POST',
    route: 'api/v1/admin-consents',
    roles: admins,
    tenant: true,
    summary:
      'Creates a link with which an administrator of a Microsoft organisation consents to the application: for app-only access, or for people to connect their own mailboxes.',
    body: apiBody('adminConsentSchema'),
    answer: connectAnswer('startedSignIn'),
    success: [201, 'Started. Read its state like that of a sign-in; app-only consent is also confirmed like one.'],
    errors: ['no_registration', 'own_registration_needed', 'registration_without_secret'],
  },
  adminConsentList: list('admin-consent-list', 'admin-consents', {
    roles: admins,
    summary: 'Who consented to what, for which organisation.',
    answer: connectAnswer('consentPage'),
  }),
  connectionList: list('connection-list', 'connections', {
    roles: all,
    summary:
      'Connections with their last and next refresh and the time at which their authority would expire, never the authority itself.',
    answer: connectAnswer('connectionPage'),
  }),
  connectionRetry: {
    ...act('connection-retry', 'connections/{id}/retry', {
      roles: all,
      summary:
        'Tests a connection now, for instance after an administrator has repaired something; its mailboxes then receive and send immediately.',
      answer: connectAnswer('triedConnection'),
    }),
    success: [200, 'Tested: whether it works, or what is still wrong.'],
    limited: 'connect',
  },
  connectionPasswordSave: {
    name: 'connection-password-save',
    method: 'PUT',
    route: 'api/v1/connections/{id}/password',
    roles: admins,
    tenant: true,
    summary:
      'Gives a connection another password: it is tested at the servers of its mailboxes, and the old one stays until they accept it.',
    body: serverBody('passwordChangeSchema'),
    answer: connectAnswer('passwordChanged'),
    success: [200, 'Stored; its mailboxes receive and send with it from now on.'],
    errors: ['not_found', 'password_not_used', 'connection_unused', 'mail_server_test_failed', 'changed_meanwhile'],
    limited: 'connect',
  },
  connectionRemove: {
    ...remove('connection-remove', 'connections/{id}', {
      roles: admins,
      summary: 'Removes a connection that no mailbox uses any more.',
    }),
    errors: ['not_found', 'connection_in_use'],
  },
} as const satisfies Record<string, Operation>
