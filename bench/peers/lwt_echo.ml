(* SPDX-License-Identifier: MIT *)
(* lwt: echo with OCaml's Lwt, a thread of Lwt's for each client.

   Run:      build/bench/lwt PORT

   Each client has a buffer of 16 KiB. Until all of it is written, the client is not read from.
   TCP_NODELAY is on, as in our servers. *)
open Lwt.Infix

external raise_limit : unit -> unit = "raise_limit"

let size = 16 * 1024

let rec write_all client buffer from length =
  if length = 0 then Lwt.return_unit
  else
    Lwt_unix.write client buffer from length >>= fun n ->
    write_all client buffer (from + n) (length - n)

let rec echo client buffer =
  Lwt_unix.read client buffer 0 size >>= function
  | 0 -> Lwt.return_unit
  | n -> write_all client buffer 0 n >>= fun () -> echo client buffer

(* Whatever ends one client is that client's alone. *)
let serve client =
  Lwt.finalize (fun () -> echo client (Bytes.create size)) (fun () -> Lwt_unix.close client)

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
  Lwt_unix.setsockopt listener TCP_NODELAY true; (* its clients inherit it *)
  Lwt_unix.bind listener (ADDR_INET (Unix.inet_addr_loopback, port)) >|= fun () ->
  Lwt_unix.listen listener 4096;
  (match Lwt_unix.getsockname listener with
  | ADDR_INET (_, port) -> Printf.eprintf "lwt: listening on 127.0.0.1:%d\n%!" port
  | ADDR_UNIX _ -> ());
  listener

let () =
  Sys.set_signal Sys.sigpipe Sys.Signal_ignore;
  raise_limit ();
  let words = String.split_on_char ':' Sys.argv.(Array.length Sys.argv - 1) in
  let port = int_of_string (List.nth words (List.length words - 1)) in
  Lwt_main.run (listen port >>= accept_all)
