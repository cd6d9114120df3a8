// The component: the notifier, with the host's `send`.
import { send } from 'runwisp:plugin/http@0.1.0';
import { notifier } from './notifier.js';

export const notifierApi = notifier(send);
