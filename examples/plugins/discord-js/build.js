// Makes a component of app.js.
import { writeFile } from 'node:fs/promises';
import { componentize } from '@bytecodealliance/componentize-js';

const { component } = await componentize({
  sourcePath: 'app.js',
  witPath: '../../../wit/v0.1',
  worldName: 'notifier',
  disableFeatures: ['http', 'fetch-event'],
});
await writeFile('discord.wasm', component);
