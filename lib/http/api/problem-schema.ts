import * as z from 'zod'
import { errorClass, exampleId, id, listOf, text } from '../../model/answers/answer-fields.js'

/** How problem.ts writes an error (RFC 9457), for the OpenAPI document and the tests. */
export const problemSchema = z
  .object({
    type: text('urn:mailbox-gateway:error: and the code.', 'urn:mailbox-gateway:error:invalid_input'),
    title: text('What is wrong, in plain words.', 'subject: must be text'),
    status: z.int().meta({ description: 'HTTP status.', examples: [400] }),
    code: text('Stable code to branch on.', 'invalid_input'),
    class: errorClass,
    hint: text('Refines the class; absent when there is none.', 'throttle').optional(),
    detail: text('What to do.', 'Correct the named field and send the request again.'),
    problems: listOf(
      z.object({
        field: text('Path of the field.', 'subject'),
        message: text('What is wrong with it, its limit and the fix.', 'must be text'),
        code: text('Code of what a test of it found; absent when nothing was tested.', 'tls_untrusted').optional(),
        remedy: text('What to do then; absent when nothing was tested.', 'Give the certificate in ca.').optional(),
      }),
      'Every invalid field; absent when the error concerns no field.',
    ).optional(),
    peerLine: text("The server's response line; absent when there is none.", '550 5.1.1 User unknown').optional(),
    trace: z
      .record(z.string(), z.string())
      .optional()
      .meta({
        description: 'Ids with which the other side can find the request; absent when there are none.',
        examples: [{}],
      }),
    requestId: id('Quote it when you ask for help.', exampleId),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem document.' })
