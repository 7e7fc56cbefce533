/**
 * Journey 1: link → our page → sign-in → callback → complete → identity, try-out → result code → confirm → connected.
 */

import { listConsents } from '../../rows/consents.js'
import { addMailbox } from './add-mailbox.js'
import { addServerMailbox } from './add-server-mailbox.js'
import { beginAuthorize } from './begin-authorize.js'
import { cancelSignIn } from './cancel-sign-in.js'
import { changePassword } from './change-password.js'
import { completeSignIn } from './complete-sign-in.js'
import { confirmByAdmin, confirmSignIn } from './confirm-sign-in.js'
import { describeSignIn } from './describe-sign-in.js'
import { expireSignIns } from './expire-sign-ins.js'
import { keepFormProblem } from './keep-problem.js'
import { listSignIns } from './list-sign-ins.js'
import { reconnectMany } from './reconnect-many.js'
import { rejectSignIn } from './reject-sign-in.js'
import { returnCallback } from './return-callback.js'
import { endedLink } from './return-link.js'
import { showLink } from './show-link.js'
import { showRefusal, showResult } from './show-result.js'
import { startAdminConsent, startApproval } from './start-admin-consent.js'
import { startReconnect, startSignIn } from './start-sign-in.js'
import { submitPassword } from './submit-password.js'

export type { Completed } from './complete-sign-in.js'
export type { LinkView } from './show-link.js'
export type { ResultView } from './show-result.js'

export const connectFlows = {
  startSignIn,
  startReconnect,
  reconnectMany,
  startAdminConsent,
  startApproval,
  listConsents,
  addMailbox,
  addServerMailbox,
  changePassword,
  showLink,
  beginAuthorize,
  submitPassword,
  cancelSignIn,
  keepFormProblem,
  returnCallback,
  completeSignIn,
  showResult,
  showRefusal,
  endedLink,
  confirmSignIn,
  confirmByAdmin,
  describeSignIn,
  listSignIns,
  rejectSignIn,
  expireSignIns,
}
