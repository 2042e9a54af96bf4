// Something fetched for a page: loading, there, or failed. What was there stays while it is fetched again.
import { type Signal, useSignal, useSignalEffect } from "@preact/signals";
import { useCallback, useEffect, useRef } from "preact/hooks";
import { HubError } from "../api/client";
import { hubNow } from "../state/clock";
import { connection } from "../state/connection";

export interface Resource<T> {
  data: T | null;
  error: HubError | null;
  loading: boolean;
  /** When `data` was fetched, epoch ms of the hub. */
  at: number | null;
}

/**
 * Fetches when `key` changes, forgetting what was there; and again by `reload`, when `turn` changes and when the connection
 * to the hub is back, keeping it meanwhile. An answer to an earlier question is dropped. `early` shows a part
 * that is there already, where nothing is shown yet.
 */
export function useResource<T>(key: string, fetcher: (early: (data: T) => void) => Promise<T>, turn: string = ""): [Signal<Resource<T>>, () => void] {
  const state = useSignal<Resource<T>>({ data: null, error: null, loading: true, at: null });
  const asked = useRef(0);
  const latest = useRef(fetcher);
  latest.current = fetcher;

  const load = useCallback((forget: boolean) => {
    const mine = ++asked.current;
    const held = state.peek();
    state.value = forget ? { data: null, error: null, loading: true, at: null } : { ...held, loading: true };
    const early = (data: T) => {
      if (mine === asked.current && state.peek().data === null) state.value = { data, error: null, loading: true, at: hubNow() };
    };
    latest.current(early).then(
      (data) => {
        if (mine === asked.current) state.value = { data, error: null, loading: false, at: hubNow() };
      },
      (cause: unknown) => {
        if (mine !== asked.current) return;
        const error = cause instanceof HubError ? cause : new HubError(0, String(cause));
        state.value = { ...state.peek(), error, loading: false };
      },
    );
  }, []);

  useEffect(() => {
    load(true);
    return () => {
      asked.current += 1;
    };
  }, [key]);

  const seenTurn = useRef(turn);
  useEffect(() => {
    if (seenTurn.current !== turn) load(false);
    seenTurn.current = turn;
  }, [turn]);

  const wasLost = useRef(false);
  useSignalEffect(() => {
    const { state: link } = connection.value;
    if (link === "live" && wasLost.current) load(false);
    wasLost.current = link === "lost";
  });

  return [state, useCallback(() => load(false), [])];
}
