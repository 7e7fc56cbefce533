/** What the app as a whole asks of the worker, beside its functions; `local/tools/build.mjs` puts it before them. */
import { app } from '@azure/functions'
import { startWork, stopOnSigterm, stopWork, workBegins, workEnds } from './stop-work.js'

app.hook.appStart(startWork)
app.hook.preInvocation(({ invocationContext }) => void workBegins(invocationContext.invocationId))
app.hook.postInvocation(({ invocationContext }) => workEnds(invocationContext.invocationId))
app.hook.appTerminate(stopWork)
stopOnSigterm()
