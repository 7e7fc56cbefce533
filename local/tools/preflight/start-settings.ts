import { join } from 'node:path'

/**
 * Where `npm start` with its usual port leaves the settings of the app it runs, seen from the folder of the project.
 */
export const startSettings = join('.gateway', 'state', 'local.settings.json')
