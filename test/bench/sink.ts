/** The mail sink as a process of its own, so that its CPU time is nobody's; tells its port to the parent. */
import { startSmtpSink } from '../../local/emulators/smtp/smtp-sink.js'

const sink = await startSmtpSink()
process.on('message', () => process.send?.({ mails: sink.mails }))
process.on('disconnect', () => process.exit())
process.send?.({ port: sink.port })
