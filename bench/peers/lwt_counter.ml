(* SPDX-License-Identifier: MIT *)
(* lwt-counter: the counter of step 05 with OCaml's Lwt, as in the tutorial it comes from: a thread
   of Lwt's for each client, which reads a line and writes a line on Lwt's buffered channels.

   Run:      build/bench/lwt-counter PORT

   A line may be as long as the memory. Lwt leaves TCP_NODELAY off. *)
open Lwt.Infix

external raise_limit : unit -> unit = "raise_limit"

let counter = ref 0

let answer = function
  | "read" -> string_of_int !counter
  | "inc" ->
      incr counter;
      "Counter has been incremented"
  | _ -> "Unknown command"

let rec talk input output =
  Lwt_io.read_line_opt input >>= function
  | None -> Lwt_io.flush output
  | Some line -> Lwt_io.write_line output (answer line) >>= fun () -> talk input output

(* Whatever ends one client is that client's alone. *)
let serve client =
  let input = Lwt_io.(of_fd ~mode:Input ~close:Lwt.return client) in
  let output = Lwt_io.(of_fd ~mode:Output client) in
  Lwt.finalize (fun () -> talk input output) (fun () -> Lwt_io.abort output)

let rec accept_all listener =
  Lwt.try_bind
    (fun () -> Lwt_unix.accept listener)
    (fun (client, _) ->
      Lwt.dont_wait (fun () -> serve client) ignore;
      accept_all listener)
    (fun _ -> Lwt_unix.sleep 0.1 >>= fun () -> accept_all listener)

let listen port =
  let listener = Lwt_unix.(socket PF_INET SOCK_STREAM 0) in
  Lwt_unix.setsockopt listener SO_REUSEADDR true;
  Lwt_unix.bind listener (ADDR_INET (Unix.inet_addr_loopback, port)) >|= fun () ->
  Lwt_unix.listen listener 4096;
  (match Lwt_unix.getsockname listener with
  | ADDR_INET (_, port) -> Printf.eprintf "lwt-counter: listening on 127.0.0.1:%d\n%!" port
  | ADDR_UNIX _ -> ());
  listener

let () =
  Sys.set_signal Sys.sigpipe Sys.Signal_ignore;
  raise_limit ();
  let words = String.split_on_char ':' Sys.argv.(Array.length Sys.argv - 1) in
  let port = int_of_string (List.nth words (List.length words - 1)) in
  Lwt_main.run (listen port >>= accept_all)
