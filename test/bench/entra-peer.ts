/** The sign-in service as a process of its own; somebody has signed in already. */
import { startMicrosoft365 } from '../support/microsoft/microsoft-365.js'

const world = await startMicrosoft365()
const { refreshToken, accessToken } = await world.signIn('ana@contoso.example')
process.on('message', () => {
  // Requests are kept for tests and would only grow here.
  world.entra.control.reset()
  process.send?.({})
})
process.on('disconnect', () => process.exit())
process.send?.({ url: world.entra.url, refreshToken: refreshToken?.reveal(), accessToken: accessToken.reveal() })
