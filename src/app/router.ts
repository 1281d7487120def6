/** @file Where we are and how to go elsewhere. Screens import this; `routes.ts` imports the screens. Thread: page. */

/** The part of the router that screens use. */
interface Router {
  navigate(path: string, options?: { params: Record<string, string> }): Promise<unknown>;
  /** The screen at hand, reactive. */
  readonly route: { readonly params: object; readonly pathname: string };
}

let router: Router | null = null;

/** Called once, by `routes.ts`. */
export function setRouter(made: { navigate: unknown; route: Router['route'] }): void {
  router = made as Router;
}

/** Go to a screen; `:name` parts of the path are filled from `params`. */
export async function navigate(path: string, options?: { params: Record<string, string> }): Promise<void> {
  await (options === undefined ? router?.navigate(path) : router?.navigate(path, options));
}

/** The screen at hand: its path and parameters, reactive. */
export const route = {
  get pathname(): string {
    return router?.route.pathname ?? location.pathname;
  },
  get params(): Partial<Record<string, string>> {
    return router?.route.params ?? {};
  },
};
