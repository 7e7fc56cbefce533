/** Journey 3: due mailboxes → poll job → fetch since cursor → store → hand over → cursor → after-receive action. */
import { importMails } from './import-mails.js'
import { mailboxesDue } from './mailboxes-due.js'
import { pollBatch } from './poll-batch.js'
import { pollNow } from './poll-now.js'
import { listNotImported, listReceived } from './received-list.js'
import { readReceived, readReceivedAttachment, readReceivedRaw } from './received-read.js'

export const receiveFlows = {
  mailboxesDue,
  pollBatch,
  pollNow,
  importMails,
  listReceived,
  listNotImported,
  readReceived,
  readReceivedRaw,
  readReceivedAttachment,
}
