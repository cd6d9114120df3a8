// Makes a component of app.js.
import { writeFile } from 'node:fs/promises';
import { componentize } from '@bytecodealliance/componentize-js';

const { component } = await componentize({
  sourcePath: 'app.js',
  witPath: 'wit',
  worldName: 'notifier',
  disableFeatures: ['http', 'fetch-event'],
});
await writeFile('plugin-name.wasm', component);
