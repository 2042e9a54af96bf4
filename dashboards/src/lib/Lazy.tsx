// A part of the app whose code comes when it is first wanted.
import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { Failed, Loading } from "../ui/States";

type Module<P> = { default: ComponentType<P> };

export interface LazyProps<P extends object> {
  load: () => Promise<Module<P>>;
  props: P;
  /** The size of what comes. */
  rows?: number;
  height?: number;
}

export function Lazy<P extends object>({ load, props, rows = 4, height = 120 }: LazyProps<P>) {
  const loaded = useSignal<ComponentType<P> | null>(null);
  const failed = useSignal(false);
  const attempt = () => {
    failed.value = false;
    load().then(
      (module) => (loaded.value = module.default),
      () => (failed.value = true),
    );
  };
  useEffect(attempt, []);
  const View = loaded.value;
  if (View !== null) return <View {...props} />;
  return failed.value ? <Failed error={null} onRetry={attempt} /> : <Loading rows={rows} height={height} />;
}
