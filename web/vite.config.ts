// How the page is built and, while one works on it, served.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// `npm run dev` passes what belongs to the daemon on to it: to the URL or to the socket that RUNWISP_DAEMON names.
const daemon = process.env.RUNWISP_DAEMON ?? "http://127.0.0.1:9477";
const target = daemon.startsWith("/") ? { socketPath: daemon, host: "localhost", port: 80 } : daemon;
const proxy = Object.fromEntries(
  ["/api", "/openapi.json", "/metrics", "/healthz"].map((path) => [path, { target, changeOrigin: true }]),
);

export default defineConfig({
  plugins: [svelte()],
  // Relative, so that the page works below any prefix of a reverse proxy.
  base: "./",
  server: { proxy },
  preview: { proxy },
  build: {
    target: ["chrome123", "firefox125", "safari17.5"],
    // Everything in one file: after an upgrade of the daemon an open page asks for nothing that is gone.
    modulePreload: false,
    assetsInlineLimit: 0,
    rollupOptions: {
      output: {
        entryFileNames: "assets/[name]-[hash].js",
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  },
  worker: { format: "es", rollupOptions: { output: { entryFileNames: "assets/[name]-[hash].js" } } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
