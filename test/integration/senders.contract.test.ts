import { attachmentSizes, senderContract } from '../support/contracts/sender-contract.js'
import { graphSendOnlySubject, graphSubject, smtpSubject } from '../support/contracts/sender-subjects.js'

senderContract('SMTP emulator, no login', () => smtpSubject('none'))
senderContract('SMTP emulator, password', () => smtpSubject('password'), attachmentSizes)
senderContract('SMTP emulator, token', () => smtpSubject('token'))
senderContract('Graph emulator', graphSubject, attachmentSizes)
senderContract('Graph emulator, sending only', graphSendOnlySubject)
