// Who looks at the page, and what they may do. The daemon decides; this only hides what it would refuse.
import * as api from "./api";
import { onStranger, Refused } from "./client";
import type { Scope, Session } from "./wire";

const ORDER: Scope[] = ["read", "operate", "admin"];

class Me {
  /** Undefined until the daemon has said. */
  session: Session | undefined = $state.raw();
  /** Nobody is signed in. */
  stranger: boolean = $state(false);

  constructor() {
    onStranger(() => (this.stranger = true));
  }

  async ask(): Promise<void> {
    try {
      this.session = await api.session();
      this.stranger = false;
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401) throw error;
      this.session = undefined;
    }
  }

  may(scope: Scope): boolean {
    const mine = this.session?.scope;
    return mine !== undefined && ORDER.indexOf(mine) >= ORDER.indexOf(scope);
  }

  async signOut(): Promise<void> {
    await api.signOut();
    this.session = undefined;
    this.stranger = true;
  }
}

export const me = new Me();
