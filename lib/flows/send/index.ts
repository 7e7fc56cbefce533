/** Journey 4, send: accept → journal → lane → sender → receipt; wait, gate, unknown. */
import { acceptMail, acceptSubmission } from './accept-mail.js'
import { acceptMessage } from './accept-message.js'
import { drainLane } from './drain-lane.js'
import { openGate } from './gate.js'
import {
  cancelMail,
  countOpenMails,
  endOpenMails,
  readMail,
  releaseMail,
  resolveMail,
  retryMail,
  sendMailNow,
} from './mail-actions.js'
import { retryFailedMails } from './retry-failed.js'
import { searchMails } from './search-mails.js'
import { sendTestMail } from './send-test-mail.js'
import { sweepLanes } from './sweep-lanes.js'

/** Each takes the toolbox first; `gateway.ts` binds them. */
export const sendFlows = {
  acceptMail,
  acceptSubmission,
  acceptMessage,
  cancelMail,
  endOpenMails,
  countOpenMails,
  drainLane,
  openGate,
  readMail,
  releaseMail,
  resolveMail,
  retryFailedMails,
  retryMail,
  searchMails,
  sendMailNow,
  sendTestMail,
  sweepLanes,
}
